"""What the parts of a cabinet have in common: each looks at one thing from time to time, alone and on its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from drivers.status import Action, DeviceState


@dataclass(frozen=True)
class Trouble:
    """One thing somebody has to know; `detail` in English for technicians."""

    device: DeviceState
    action: Action
    detail: str


class Part(Protocol):
    """A part of the cabinet. Its faults are its `trouble`; they never reach the other parts."""

    @property
    def known(self) -> bool:
        """Whether it has been looked at since `open`: before that nothing can be said of it."""

    @property
    def trouble(self) -> Trouble | None:
        """Why this part itself cannot be used or seen."""

    @property
    def counters(self) -> Mapping[str, int]: ...

    @property
    def identity(self) -> str: ...

    async def open(self, changed: Callable[[], None]) -> None:
        """Begin to look; `changed` is called whenever there may be news."""

    async def close(self) -> None: ...

    async def refresh(self) -> None:
        """Look now."""


class PolledPart:
    """A `Part` that is looked at every `interval_s` seconds. A subclass has `_look`.

    `fresh_s`: a look not older than this is good enough for `refresh`, where looking is dear (a program is started).
    """

    name = ""
    fresh_s = 0.0

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._task: asyncio.Task[None] | None = None
        self._one_look = asyncio.Lock()
        self._changed: Callable[[], None] = lambda: None
        self.known = False
        self._looked_at = float("-inf")
        self.trouble: Trouble | None = None
        self.counters: dict[str, int] = {}
        self.identity = ""

    async def open(self, changed: Callable[[], None]) -> None:
        if self._task is None:
            self._changed = changed
            self.known = False
            self._task = asyncio.create_task(self._run(), name=f"cabinet {self.name}")
            self._task.add_done_callback(self._ended)

    async def close(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.wait([task])
        await self._release()

    async def refresh(self) -> None:
        if asyncio.get_running_loop().time() - self._looked_at >= self.fresh_s:
            await self._look_now()

    async def _look_now(self) -> None:
        async with self._one_look:
            self.trouble = await self._look()
            self.known = True
            self._looked_at = asyncio.get_running_loop().time()
        self._changed()

    async def _run(self) -> None:
        while True:
            await self._look_now()
            await asyncio.sleep(self._interval_s)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A bug ended it: say so, lest the part look healthy with nobody watching it."""
        if task.cancelled() or (error := task.exception()) is None:
            return
        self.known = True
        self.trouble = broken(f"{self.name} stopped by {type(error).__name__}")
        self._changed()
        task.get_loop().call_exception_handler({"message": f"cabinet {self.name} stopped", "exception": error})

    async def _look(self) -> Trouble | None:
        """Look once, within a few seconds; what is wrong with the looking itself."""
        raise NotImplementedError

    async def _release(self) -> None:
        """Give up what `_look` holds."""


def broken(detail: str) -> Trouble:
    """A part that does not work: a technician must come."""
    return Trouble(DeviceState.HARDWARE_ERROR, Action.MAINTENANCE, detail)
