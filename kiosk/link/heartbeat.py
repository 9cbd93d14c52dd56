"""The heartbeat: says how the kiosk is, at the desk's pace and as soon as something changes; hands on what it hears."""

from __future__ import annotations

import asyncio
import contextlib
import random
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec
import structlog

from backend.contract.fleet_api import ErrorReport, FleetProblem, Heartbeat, HeartbeatReply
from kiosk.link.desk_clock import DeskClock
from kiosk.link.errors import ErrorBook
from kiosk.link.fleet_desk import DeskFault, DeskRefusal, DeskSilent, FleetDesk
from kiosk.link.pace import Pace
from kiosk.link.sequence import Sequence

log = structlog.get_logger()

LOOK_S = 0.5
SETTLE_S = 2.0  # a change is told once it has stood so long: a paper cover opens and closes
APART_S = 10.0  # between two heartbeats because of changes


@dataclass(frozen=True)
class Vitals:
    """What moves all the time, and is told with every heartbeat but is no change."""

    session_open: bool = False
    interface_age_s: int = 0
    temperature_c: float | None = None
    disk_free_mb: int | None = None
    disk_wear_pct: int | None = None
    counters: dict[str, int] = field(default_factory=dict)


class Heartbeats:
    """`report`: the report's bytes, asked for every half second, so it must ask nobody. `on_answer` gets every
    answer. `first_within_s`: after power-on the first one is sent at a moment by chance."""

    def __init__(
        self,
        desk: Callable[[], FleetDesk],
        sequence: Sequence,
        *,
        report: Callable[[], bytes],
        vitals: Callable[[], Awaitable[Vitals]],
        errors: ErrorBook,
        clock: DeskClock,
        on_answer: Callable[[HeartbeatReply | DeskFault], Awaitable[None]],
        first_within_s: float = 0.0,
        pace: Pace | None = None,
        boot: str | None = None,
    ) -> None:
        self._desk = desk
        self._sequence = sequence
        self._report = report
        self._vitals = vitals
        self._errors = errors
        self._clock = clock
        self._on_answer = on_answer
        self._first_within_s = first_within_s
        self.pace = pace or Pace()
        self.boot = boot or secrets.token_hex(8)
        self._started = time.monotonic()
        self._told = b""  # the report the desk has
        self._soon = asyncio.Event()
        self._at_once = asyncio.Event()
        self.last: HeartbeatReply | DeskFault | None = None

    async def run(self) -> None:
        """For ever. Nothing that goes wrong here reaches a resident."""
        await asyncio.sleep(random.SystemRandom().uniform(0, self._first_within_s))
        while True:
            answer = await self.beat()
            await self._rest(self.pace.after(answer), hasty=isinstance(answer, HeartbeatReply))

    def now(self) -> None:
        """Send the next one soon, as if something had changed; not while the desk wants to be left alone."""
        self._soon.set()

    def at_once(self) -> None:
        """Send the next one at once, whatever the desk said to whom we were before: we are somebody new."""
        self._at_once.set()

    def forget_told(self) -> None:
        """The next report counts as new."""
        self._told = b""

    async def beat(self) -> HeartbeatReply | DeskFault:
        """Send one and hand on the answer."""
        report = self._report()
        told = self._errors.noted()
        answer = await self._send(report, told)
        if isinstance(answer, HeartbeatReply):
            self._clock.hear(answer.now)
            self._errors.told(told)
            self._told = report
        elif isinstance(answer, DeskRefusal) and answer.code == FleetProblem.SEQUENCE:
            log.error("sequence_behind")
            self._sequence.jump(answer.last_seq)
        self._note(answer)
        try:
            await self._on_answer(answer)
        except Exception as error:  # noqa: BLE001 - what the desk wants must not stop the heartbeat
            log.error("desk_answer_not_handled", error=type(error).__name__)
        return answer

    async def _send(self, report: bytes, errors: list[ErrorReport]) -> HeartbeatReply | DeskFault:
        try:
            vitals = await self._vitals()
            heartbeat = Heartbeat(
                seq=self._sequence.next(),
                boot=self.boot,
                sent_at=datetime.now(UTC),
                report=msgspec.Raw(report),
                uptime_s=int(time.monotonic() - self._started),
                session_open=vitals.session_open,
                interface_age_s=max(0, vitals.interface_age_s),
                temperature_c=vitals.temperature_c,
                disk_free_mb=vitals.disk_free_mb,
                disk_wear_pct=vitals.disk_wear_pct,
                counters=vitals.counters,
                errors=errors,
            )
        except Exception as error:  # noqa: BLE001 - a full or dying disk: without a number nothing is sent
            log.error("heartbeat_not_made", error=type(error).__name__)
            return DeskSilent(type(error).__name__)
        return await self._desk().heartbeat(heartbeat)

    async def _rest(self, seconds: float, *, hasty: bool) -> None:
        """Until it is time. `hasty`: a change, or a call of `now`, ends the rest earlier."""
        began = time.monotonic()
        seen, since = self._told, began
        while (now := time.monotonic()) - began < seconds and not self._at_once.is_set():
            if hasty:
                report = self._report()
                if report != seen:
                    seen, since = report, now
                changed = report != self._told and now - since >= SETTLE_S
                if (changed or self._soon.is_set()) and now - began >= (APART_S if changed else 1.0):
                    break
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(LOOK_S, max(0.0, seconds - (now - began)))):
                    await self._at_once.wait()
        self._soon.clear()
        self._at_once.clear()

    def _note(self, answer: HeartbeatReply | DeskFault) -> None:
        before, self.last = self.last, answer
        if isinstance(answer, HeartbeatReply):
            if not isinstance(before, HeartbeatReply):
                log.info("desk_reached", interval_s=answer.interval_s)
        elif type(before) is not type(answer) or before != answer:
            why = answer.code if isinstance(answer, DeskRefusal) else answer.reason
            log.info("desk_not_reached", reason=why)
