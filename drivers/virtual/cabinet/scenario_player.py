"""Plays scenarios: moves the cabinet's hands step by step, and says how far it has come."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import structlog

from drivers.virtual.cabinet import hands, scenario
from drivers.virtual.cabinet.desk import RefusedError
from drivers.virtual.cabinet.scenario_steps import (
    Act,
    After,
    Condition,
    Parallel,
    Repeat,
    Reset,
    Scenario,
    Step,
    WaitFor,
    Work,
)
from drivers.virtual.cabinet.scenario_yaml import ScenarioError
from drivers.virtual.cabinet.state import PlayCall, ScenarioView, StepView

if TYPE_CHECKING:
    from drivers.virtual.cabinet.cabinet import Cabinet

log = structlog.get_logger()

POLL_S = 0.1


class _StepFailed(Exception):
    """A step could not be done; the message names its line."""


class ScenarioPlayer:
    """One scenario at a time."""

    def __init__(self, cabinet: Cabinet) -> None:
        self._cabinet = cabinet
        self._task: asyncio.Task[None] | None = None
        self._view = ScenarioView()
        self._lines: dict[Step, StepView] = {}
        self._at_start: dict[tuple[str, ...], Any] = {}

    def view(self) -> ScenarioView:
        return self._view

    @property
    def playing(self) -> bool:
        return self._task is not None and not self._task.done()

    async def find(self, call: PlayCall) -> Scenario:
        """The scenario a call means. Raises RefusedError: 404 no such name, 422 not usable."""
        try:
            if call.yaml is not None and call.name is None:
                return await asyncio.to_thread(scenario.parse, call.yaml, "given", "given")
            if call.name is not None and call.yaml is None:
                return await asyncio.to_thread(scenario.shipped, call.name)
        except LookupError:
            raise RefusedError("no such scenario", 404) from None
        except ScenarioError as error:
            raise RefusedError(str(error), 422) from None
        raise RefusedError("either a name or yaml", 422)

    def play(self, found: Scenario) -> None:
        """Returns at once. Raises RefusedError while another one plays."""
        if self.playing:
            raise RefusedError("another scenario is playing")
        lines = found.lines()
        views = [StepView(text_zh=step.words.zh, text_en=step.words.en, depth=depth) for depth, step in lines]
        self._lines = {step: view for (_depth, step), view in zip(lines, views, strict=True)}
        self._view = ScenarioView(
            name=found.name, title_zh=found.title.zh, title_en=found.title.en, state="playing", steps=views
        )
        waits = (step for _depth, step in lines if isinstance(step, WaitFor))
        self._at_start = {
            c.path: self._value(c)
            for wait in waits
            for c in wait.conditions
            if c.operator == "+" and self._cabinet.has(c.path[0])
        }
        self._cabinet.events.add("scenario", f"started: {found.name}")
        self._task = asyncio.create_task(self._play(found))
        self._task.add_done_callback(self._ended)

    async def stop(self) -> None:
        """Nothing is mended: the cabinet stays as the scenario left it. Does nothing when none plays."""
        if self._task is None:
            return
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait([self._task])

    # --- playing ----------------------------------------------------------------------------------------------------

    async def _play(self, found: Scenario) -> None:
        try:
            await self._steps(found.steps)
        except _StepFailed as error:
            self._end("failed", str(error))
        except asyncio.CancelledError:
            self._end("stopped")
            raise
        else:
            self._end("done")

    def _end(self, state: Any, detail: str = "") -> None:
        self._view = self._view.model_copy(update={"state": state, "detail": detail})
        self._cabinet.events.add("scenario", f"{state}: {self._view.name}")

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A bug in a hand must not leave the player playing for ever."""
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("scenario_broke", exc_info=error)
            self._end("failed", type(error).__name__)

    async def _steps(self, steps: Iterable[Step]) -> None:
        for step in steps:
            view = self._lines[step]
            view.state = "doing"
            try:
                await self._step(step)
            except RefusedError as error:
                view.state = "failed"
                raise _StepFailed(f"line {step.line}: {error}") from None
            except _StepFailed:
                view.state = "failed"
                raise
            view.state = "done"

    async def _step(self, step: Step) -> None:
        match step:
            case Act():
                await self._cabinet.act(step.place.name, step.action)
            case Work():
                await hands.work(self._cabinet, step.hand, step.body)
            case Reset():
                await self._cabinet.restore()
            case After():
                await asyncio.sleep(step.seconds / self._cabinet.settings.speed)
            case WaitFor():
                await self._wait(step)
            case Parallel():
                await self._parallel(step)
            case Repeat():
                for _ in range(step.times):
                    self._again(step.steps)
                    await self._steps(step.steps)
            case _:
                raise TypeError(type(step).__name__)

    async def _parallel(self, step: Parallel) -> None:
        tasks = [asyncio.create_task(self._steps(branch)) for branch in step.branches]
        try:
            await asyncio.gather(*tasks)  # the first failure ends the step
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _again(self, steps: Iterable[Step]) -> None:
        for step in steps:
            self._lines[step].state = "waiting"
            self._again(step.inner)

    async def _wait(self, step: WaitFor) -> None:
        deadline = time.monotonic() + step.within_s
        while not all(c.holds(self._value(c), self._at_start.get(c.path)) for c in step.conditions):
            if time.monotonic() > deadline:
                raise _StepFailed(f"line {step.line}: waited {step.within_s:g} s in vain")
            await asyncio.sleep(POLL_S)

    def _value(self, condition: Condition) -> Any:
        """What the state says now; None where a part is absent."""
        value: Any = self._cabinet.part(condition.path[0])  # raises RefusedError where there is no such device
        for name in condition.path[1:]:
            value = value.get(name) if isinstance(value, dict) else getattr(value, name, None)
        return value
