"""Heartbeats, gathered: one statement, one commit, then all are answered.

The first heartbeat opens a batch and is waited with for some milliseconds, or until there are enough; while a batch is
being written the next one fills. A kiosk is in a batch once: its others go into the following ones, in the order they
came.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

import structlog

from backend.contract.fleet_api import CommandOrder, FleetProblem, HeartbeatReply, RolloutOrder
from backend.fleet.changes import Change, Heard, change_of
from backend.fleet.heartbeat import metrics
from backend.fleet.heartbeat.answers import Refusal, busy
from backend.fleet.heartbeat.beats import Beat, encode_reply, report_of
from backend.fleet.heartbeat.pace import Pace, jitter_of
from backend.fleet.heartbeat.rows import Again, Away, Held, Store, Taken, Transaction, Unfit
from backend.fleet.heartbeat.settings import HeartbeatSettings
from backend.logging import where

log = structlog.get_logger()

_TRIES = 3
# After a pulse was found held, held ones are left out at once for so long; a heartbeat whose pulse is held comes again
# after a moment, and is sent away when it has waited for too long.
_SKIP_S = 2.0
_HELD_AGAIN_S = 0.1
_HELD_AT_MOST_S = 5.0
_ENOUGH = 50  # heartbeats are not waited for longer when there are so many: more would make each hardly cheaper
_ASKED_AT_ONCE = 250  # kiosks of one transaction that asks for orders
_ASKING_AT_MOST = 2000  # waiting for their orders; whoever comes then hears of them with the next heartbeat


class Orders(Protocol):
    """What is asked only for the few kiosks that have something waiting."""

    async def commands(self, held: Mapping[str, str], *, again: bool) -> Mapping[str, list[CommandOrder]]:
        """Of those who have any, in one transaction. `again`: their replies before were lost."""

    async def rollout(self, rollout_id: str, kiosk_id: str) -> RolloutOrder | None: ...

    async def settle(self, kiosk_id: str, serial: str) -> None: ...


class Doubts(Protocol):
    """Looks at heartbeats the statement has not taken: repetitions, late ones, strangers, clones."""

    async def resolve(self, beats: Sequence[Beat]) -> Sequence[Taken | Refusal | None]:
        """Taken: answer as before. None: it is simply next, try once more. Raises Away."""


class _Waiting(NamedTuple):
    """A heartbeat that was taken, and whose reply carries what has to be asked for."""

    beat: Beat
    row: Taken
    at: datetime
    stretch: int
    again: bool  # the reply before was lost

    @property
    def settles(self) -> bool:
        """The kiosk has two certificates in force, and uses one."""
        return len(self.row.serials) > len(self.beat.serial) + 2


class Batches:
    def __init__(
        self,
        store: Store,
        doubts: Doubts,
        orders: Orders,
        pace: Pace,
        settings: HeartbeatSettings,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store, self._doubts, self._orders, self.pace, self._settings = store, doubts, orders, pace, settings
        self.polls = True  # whether kiosks may hold long polls; `wiring` counts them
        self.clock = clock
        self._gather_s = settings.gather_ms / 1000
        self._enough = min(_ENOUGH, settings.batch)
        self._queue: deque[tuple[float, Beat]] = deque()
        self._some = asyncio.Event()
        self._full = asyncio.Event()
        self._skip_until = 0.0
        self._stopping = False
        self._waiting: deque[_Waiting] = deque()  # for orders
        self._asking: asyncio.Task[None] | None = None

    def submit(self, beat: Beat) -> None:
        """`beat.answer` gets the reply's bytes, or a Refusal. Raises Refusal where too many wait already."""
        if len(self._queue) >= self._settings.queue:
            raise busy("too many heartbeats at once")
        self._queue.append((time.monotonic(), beat))
        if len(self._queue) == 1:
            self._some.set()
        if len(self._queue) >= self._enough:
            self._full.set()

    async def run(self) -> None:
        """For ever. What is waiting when it is cancelled is sent away to come again."""
        try:
            while True:
                await self._some.wait()
                pause = self._queue[0][0] + self._gather_s - time.monotonic()
                if pause > 0 and len(self._queue) < self._enough:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._full.wait(), pause)
                batch = self._next_batch()
                try:
                    await self._write(batch)
                except asyncio.CancelledError:
                    _refuse_all(batch, "the desk is stopping")
                    raise
                except Exception as error:  # noqa: BLE001 - a bug must not end the hot path: these come again
                    log.error("heartbeat_batch_failed", error=type(error).__name__, where=where(error))
                    _refuse_all(batch, "the desk had a fault")
        finally:
            self._stopping = True
            while self._queue:
                _refuse_all([self._queue.popleft()[1]], "the desk is stopping")
            if self._asking is not None:
                self._asking.cancel()
            _refuse_all([waiting.beat for waiting in self._waiting], "the desk is stopping")
            self._waiting.clear()

    def _next_batch(self) -> list[Beat]:
        batch: dict[str, Beat] = {}
        others: list[tuple[float, Beat]] = []
        now = time.monotonic()
        waited = now - self._queue[0][0]
        while self._queue and len(batch) < self._settings.batch:
            entry = self._queue.popleft()
            if batch.setdefault(entry[1].kiosk_id, entry[1]) is not entry[1]:
                others.append(entry)
                if len(others) >= self._settings.batch:
                    break
        self._queue.extendleft(reversed(others))
        self._full.clear()
        if len(self._queue) >= self._enough:
            self._full.set()
        if not self._queue:
            self._some.clear()
        self.pace.waited(waited)
        metrics.WAITED.observe(waited)
        metrics.BATCH.observe(len(batch))
        metrics.QUEUE.set(len(self._queue))
        return sorted(batch.values(), key=lambda beat: beat.kiosk_id)

    async def _write(self, batch: list[Beat]) -> None:
        began = time.monotonic()
        try:
            await self._write_or_halve(batch)
        except Away as error:
            log.warning("heartbeat_database_away", error=str(error), heartbeats=len(batch))
            _refuse_all(batch, "the database does not answer")
            await asyncio.sleep(0.2)
        metrics.WROTE.observe(time.monotonic() - began)

    async def _write_or_halve(self, batch: list[Beat], tries: int = _TRIES) -> None:
        """One bad heartbeat does not spoil its batch: whoever does not fit is found by halving. Raises Away."""
        try:
            await self._write_once(batch)
        except Held:
            self._skip_until = time.monotonic() + _SKIP_S
            await self._write_or_halve(batch, tries)
        except Again:
            if tries == 1:
                raise Away("deadlock") from None
            self._skip_until = time.monotonic() + _SKIP_S
            await self._write_or_halve(batch, tries - 1)
        except Unfit as error:
            if len(batch) == 1:
                log.warning("heartbeat_unfit", kiosk=batch[0].kiosk_id, error=str(error))
                _answer(batch[0], Refusal(FleetProblem.INVALID, "not to be stored"))
                return
            half = len(batch) // 2
            await self._write_or_halve(batch[:half])
            await self._write_or_halve(batch[half:])

    async def _write_once(self, batch: list[Beat]) -> None:
        at = self.clock()
        stretch = self.pace.stretch
        metrics.STRETCH.set(stretch)
        skip = time.monotonic() < self._skip_until
        async with self._store.transaction(skip=skip) as transaction:
            taken = await transaction.take(batch, at, self.pace.interval_s, stretch)
            rows = {row.kiosk_id: row for row in taken}
            await self._write_changes(transaction, batch, rows, at)
        doubtful: list[Beat] = []
        for beat in batch:
            row = rows.get(beat.kiosk_id)
            if row is None:
                doubtful.append(beat)
            else:
                self._reply(_Waiting(beat, row, at, stretch, again=False))
        metrics.OK.inc(len(rows))
        if doubtful:
            await self._resolve(doubtful, at, stretch, skipped=skip)

    async def _write_changes(
        self, transaction: Transaction, batch: list[Beat], rows: dict[str, Taken], at: datetime
    ) -> None:
        changed: list[tuple[Beat, Heard]] = []
        for beat in batch:
            row = rows.get(beat.kiosk_id)
            if row is None:
                continue
            restarted = row.restarted and row.previous_boot != ""
            if row.previous_digest != beat.digest or restarted or beat.errors:
                report = report_of(beat.report) if row.previous_digest != beat.digest else None
                changed.append((beat, Heard(report, beat.levels, restarted, beat.errors)))
        if not changed:
            return
        known = await transaction.known([beat.kiosk_id for beat, _ in changed])
        changes: list[Change] = [
            change_of(beat.kiosk_id, known[beat.kiosk_id], heard) for beat, heard in changed if beat.kiosk_id in known
        ]
        await transaction.write(changes, at)
        metrics.CHANGES.inc(len(changes))

    async def _resolve(self, beats: list[Beat], at: datetime, stretch: int, *, skipped: bool) -> None:
        try:
            outcomes = await self._doubts.resolve(beats)
        except Away as error:  # not the whole batch: the others are written
            log.warning("heartbeat_doubts_away", error=str(error), heartbeats=len(beats))
            _refuse_all(beats, "the database does not answer")
            return
        for beat, outcome in zip(beats, outcomes, strict=True):
            if isinstance(outcome, Refusal):
                _answer(beat, outcome)
            elif outcome is not None:
                metrics.RETRY.inc()
                self._reply(_Waiting(beat, outcome, at, stretch, again=True))
            elif skipped:
                self._come_again(beat)
            elif beat.tries + 1 >= _TRIES:
                _answer(beat, busy("could not be taken"))
            else:
                beat.tries += 1
                self._requeue(beat)

    def _come_again(self, beat: Beat) -> None:
        """Its pulse is held by somebody: a change of settings, of a rollout, of commands for many."""
        if (self.clock() - beat.arrived).total_seconds() > _HELD_AT_MOST_S:
            _answer(beat, busy("its record is held"))
            return
        loop = asyncio.get_running_loop()
        loop.call_later(_HELD_AGAIN_S, self._requeue, beat)

    def _requeue(self, beat: Beat) -> None:
        if self._stopping:
            _answer(beat, busy("the desk is stopping"))
            return
        self._queue.append((time.monotonic(), beat))
        self._some.set()

    def _reply(self, waiting: _Waiting) -> None:
        row = waiting.row
        has_orders = row.commands_waiting or row.rollout_id or waiting.settles
        if not has_orders or len(self._waiting) >= _ASKING_AT_MOST:
            _answer(waiting.beat, self._encoded(waiting))
            return
        self._waiting.append(waiting)
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._reply_with_orders())

    async def _reply_with_orders(self) -> None:
        """One after the other, many at once: a command for a whole province is asked for in few transactions, and the
        database does nothing else for it at the same time."""
        while self._waiting:
            some = [self._waiting.popleft() for _ in range(min(_ASKED_AT_ONCE, len(self._waiting)))]
            try:
                for again in (False, True):
                    if asked := [waiting for waiting in some if waiting.again is again]:
                        await self._ask(asked, again)
            except asyncio.CancelledError:
                _refuse_all([waiting.beat for waiting in some], "the desk is stopping")
                raise

    async def _ask(self, asked: list[_Waiting], again: bool) -> None:
        """The heartbeats are taken: whatever goes wrong here, they are answered, and the orders come with the next."""
        commands: Mapping[str, list[CommandOrder]] = {}
        if having := {waiting.beat.kiosk_id: waiting.beat.serial for waiting in asked if waiting.row.commands_waiting}:
            try:
                commands = await self._orders.commands(having, again=again)
            except Exception as error:  # noqa: BLE001
                log.warning("heartbeat_orders_failed", error=type(error).__name__, where=where(error))
        for waiting in sorted(asked, key=lambda one: one.settles):  # whoever settles costs a transaction: last
            beat, rollout = waiting.beat, None
            try:
                if waiting.settles:
                    await self._orders.settle(beat.kiosk_id, beat.serial)
                if waiting.row.rollout_id:
                    rollout = await self._orders.rollout(waiting.row.rollout_id, beat.kiosk_id)
            except Exception as error:  # noqa: BLE001
                log.warning("heartbeat_orders_failed", error=type(error).__name__, where=where(error))
            _answer(beat, self._encoded(waiting, commands.get(beat.kiosk_id), rollout))

    def _encoded(
        self, waiting: _Waiting, commands: list[CommandOrder] | None = None, rollout: RolloutOrder | None = None
    ) -> bytes:
        beat, row, at, stretch, _ = waiting
        interval = self.pace.spread(beat.kiosk_id, row.interval_s, stretch)
        return encode_reply(
            HeartbeatReply(
                now=at,
                interval_s=interval,
                jitter_s=jitter_of(interval),
                settings=row.settings_wanted,
                content=row.content_wanted,
                software=row.software_wanted,
                commands=commands or [],
                rollout=rollout,
                poll=self.polls,
            )
        )


def _answer(beat: Beat, outcome: bytes | Refusal) -> None:
    if beat.answer.done():  # the kiosk has hung up
        return
    if isinstance(outcome, Refusal):
        (metrics.BUSY if outcome.code is FleetProblem.BUSY else metrics.REFUSED).inc()
        beat.answer.set_exception(outcome)
    else:
        beat.answer.set_result(outcome)


def _refuse_all(beats: Sequence[Beat], detail: str) -> None:
    for beat in beats:
        _answer(beat, busy(detail))
