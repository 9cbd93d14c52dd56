"""The desk's commands: each is run once, in time, for the enrolment it was given to; its outcome is told until taken.

That an id was begun is on the disk before anything is done. One that a power cut ended in the middle is not begun
again: it is told as failed. Only a restart has to end that way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Protocol

import msgspec
import structlog

from backend.contract.fleet_api import CommandAck, CommandOrder
from kiosk.link.desk_clock import DeskClock
from kiosk.link.fleet_desk import DeskRefusal, FleetDesk
from kiosk.link.fleet_store import FleetStore, Remembered

log = structlog.get_logger()

_LONGEST_S = 180.0  # no command takes so long once it has begun
_AGAIN_S = 30.0  # an outcome that was not taken is told again after so long


class Refuse(Exception):
    """The kiosk will not do this; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Fail(Exception):
    """It was tried and did not work."""

    def __init__(self, code: str, result: Mapping[str, Any] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.result = dict(result or {})


@dataclass(frozen=True)
class Task:
    """One command being run. `left_s()`: seconds until it expires."""

    command_id: str
    arguments: Mapping[str, Any]
    left_s: Callable[[], float]

    def text(self, name: str, longest: int = 300) -> str:
        """A text argument; "" if it is absent. Raises Refuse."""
        value = self.arguments.get(name, "")
        if not isinstance(value, str) or len(value) > longest or not value.isprintable():
            raise Refuse("invalid-arguments")
        return value

    def number(self, name: str, low: int, high: int, default: int | None = None) -> int:
        value = self.arguments.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise Refuse("invalid-arguments")
        return value


class Command(Protocol):
    """One kind. `patient`: it may wait for a session to end, up to its expiry, and others may run meanwhile."""

    @property
    def patient(self) -> bool: ...

    async def run(self, task: Task) -> dict[str, Any]:
        """The result. Raises Refuse or Fail."""

    async def cut_off(self, remembered: Remembered) -> CommandAck:
        """What to tell when the program ended while it ran."""


class Plain:
    """What most kinds are: a coroutine."""

    def __init__(self, run: Callable[[Task], Awaitable[dict[str, Any]]], *, patient: bool = False) -> None:
        self._run = run
        self.patient = patient

    async def run(self, task: Task) -> dict[str, Any]:
        return await self._run(task)

    async def cut_off(self, remembered: Remembered) -> CommandAck:
        return CommandAck(state="failed", code="interrupted")


class Commands:
    """`epoch()`: of the identity in use, 0 if unknown. `desk()`: whom to tell."""

    def __init__(
        self,
        kinds: Mapping[str, Command],
        store: FleetStore,
        clock: DeskClock,
        desk: Callable[[], FleetDesk],
        *,
        boot: str,
        epoch: Callable[[], int],
    ) -> None:
        self._kinds = kinds
        self._store = store
        self._clock = clock
        self._desk = desk
        self._boot = boot
        self._epoch = epoch
        self._one_at_a_time = asyncio.Lock()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._telling = asyncio.Lock()

    async def recover(self) -> None:
        """At the start: what the program before this one left in the middle. Call once, before `take`."""
        for command in await self._store.undelivered():
            if command.ack is None and command.boot != self._boot:
                kind = self._kinds.get(command.kind)
                ack = (
                    await kind.cut_off(command) if kind is not None else CommandAck(state="failed", code="interrupted")
                )
                await self._store.finish(command.command_id, msgspec.json.encode(ack).decode())

    async def take(self, orders: Iterable[CommandOrder]) -> None:
        """Begin what is new. Orders that were seen before are left alone, but for their outcome, which is told."""
        for order in orders:
            if order.command_id not in self._tasks:
                task = asyncio.create_task(self._carry_out(order), name=f"command-{order.kind}")
                self._tasks[order.command_id] = task
                task.add_done_callback(partial(self._forget, order.command_id))

    def _forget(self, command_id: str, _task: asyncio.Task[None]) -> None:
        self._tasks.pop(command_id, None)

    async def tell(self) -> None:
        """Tell every outcome the desk has not taken yet."""
        async with self._telling:
            for command in await self._store.undelivered():
                if command.ack is not None and not await self._told(command):
                    return

    async def run(self) -> None:
        """For ever: tell again what was not taken."""
        while True:
            await asyncio.sleep(_AGAIN_S)
            try:
                await self.tell_again()
            except Exception as error:  # noqa: BLE001 - next time
                log.error("command_outcomes_not_told", error=type(error).__name__)

    async def tell_again(self) -> None:
        """One round of it: tell, and forget what is long over."""
        await self.tell()
        # Only by the desk's time: our own clock may be years ahead, and a forgotten command would run again.
        if (now := self._clock.now()) is not None:
            await self._store.forget_old(now)

    async def settled(self) -> None:
        """All that was taken is done."""
        while self._tasks:
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)
            await asyncio.sleep(0)

    async def stop(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _told(self, command: Remembered) -> bool:
        ack = msgspec.json.decode(command.ack or "{}", type=CommandAck)
        fault = await self._desk().ack(command.command_id, ack)
        # What the desk refuses for good (finished otherwise, unknown, not ours) is not told for ever.
        if fault is None or (isinstance(fault, DeskRefusal) and fault.status in (400, 404, 409, 413)):
            await self._store.delivered(command.command_id)
            return True
        return False

    async def _carry_out(self, order: CommandOrder) -> None:
        try:
            now = self._clock.now()
            begun = await self._store.begin(
                order.command_id,
                order.kind,
                msgspec.json.encode(order.arguments).decode(),
                boot=self._boot,
                now=now or datetime.now(UTC),
                expires_at=max(order.expires_at, now or datetime.now(UTC)),
            )
            if begun:
                ack = await self._outcome(order)
                log.info("command_ended", kind=order.kind[:40], state=ack.state, code=ack.code)
                await self._store.finish(order.command_id, msgspec.json.encode(ack).decode())
            await self.tell()
        except Exception as error:  # noqa: BLE001 - such as a dying disk: not begun, so it may be handed out again
            log.error("command_not_kept", error=type(error).__name__)

    async def _outcome(self, order: CommandOrder) -> CommandAck:
        try:
            result = await self._in_time(order)
        except Refuse as refusal:
            return CommandAck(state="refused", code=refusal.code)
        except Fail as failure:
            return CommandAck(state="failed", code=failure.code, result=failure.result)
        except TimeoutError:
            return CommandAck(state="failed", code="timed-out")
        except Exception as error:  # noqa: BLE001 - a bug in one kind
            log.error("command_failed", error=type(error).__name__, kind=order.kind[:40])
            return CommandAck(state="failed", code="internal")
        return CommandAck(state="done", result=result)

    async def _in_time(self, order: CommandOrder) -> dict[str, Any]:
        kind = self._kinds.get(order.kind)
        if kind is None:
            raise Refuse("unknown-kind")
        if self._epoch() and order.epoch != self._epoch():
            raise Refuse("wrong-epoch")
        task = Task(order.command_id, order.arguments, lambda: self._left_s(order))
        if kind.patient:
            return await kind.run(task)
        try:
            async with asyncio.timeout(self._left_s(order)):
                await self._one_at_a_time.acquire()
        except TimeoutError:
            raise Refuse("expired") from None
        try:
            self._left_s(order)  # it may have run out while another one ran
            async with asyncio.timeout(_LONGEST_S):
                return await kind.run(task)
        finally:
            self._one_at_a_time.release()

    def _left_s(self, order: CommandOrder) -> float:
        now = self._clock.now()
        if now is None:
            raise Refuse("clock-unknown")
        left = order.expires_at - now
        if left <= timedelta(0):
            raise Refuse("expired")
        return left.total_seconds()
