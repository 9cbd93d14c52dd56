"""Heartbeats, gathered: one statement, one commit, then all are answered.

The first heartbeat opens a batch and is waited with for a few milliseconds; while a batch is being written the next one
fills. A kiosk is in a batch once: its others go into the following ones, in the order they came.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Protocol

import structlog

from backend.contract.fleet_api import CommandOrder, FleetProblem, HeartbeatReply, RolloutOrder
from backend.fleet.changes import Change, Heard, change_of
from backend.fleet.heartbeat import metrics
from backend.fleet.heartbeat.answers import Refusal, busy
from backend.fleet.heartbeat.beats import Beat, encode_reply, report_of
from backend.fleet.heartbeat.pace import Pace, jitter_of
from backend.fleet.heartbeat.rows import Again, Away, Store, Taken, Transaction, Unfit
from backend.fleet.heartbeat.settings import HeartbeatSettings
from backend.logging import where

log = structlog.get_logger()

_TRIES = 3


class Orders(Protocol):
    """What is asked only for the few kiosks that have something waiting."""

    async def commands(self, kiosk_id: str, *, again: bool) -> list[CommandOrder]: ...

    async def rollout(self, rollout_id: str, kiosk_id: str) -> RolloutOrder | None: ...

    async def settle(self, kiosk_id: str, serial: str) -> None: ...


class Doubts(Protocol):
    """Looks at heartbeats the statement has not taken: repetitions, late ones, strangers, clones."""

    async def resolve(self, beats: Sequence[Beat]) -> Sequence[Taken | Refusal | None]:
        """Taken: answer as before. None: it is simply next, try once more. Raises Away."""


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
        self.clock = clock
        self._gather_s = settings.gather_ms / 1000
        self._queue: deque[tuple[float, Beat]] = deque()
        self._some = asyncio.Event()
        self._full = asyncio.Event()
        self._asking: set[asyncio.Task[None]] = set()

    def submit(self, beat: Beat) -> None:
        """`beat.answer` gets the reply's bytes, or a Refusal. Raises Refusal where too many wait already."""
        if len(self._queue) >= self._settings.queue:
            raise busy("too many heartbeats at once")
        self._queue.append((time.monotonic(), beat))
        if len(self._queue) == 1:
            self._some.set()
        elif len(self._queue) == self._settings.batch:
            self._full.set()

    async def run(self) -> None:
        """For ever. What is waiting when it is cancelled is sent away to come again."""
        try:
            while True:
                await self._some.wait()
                pause = self._queue[0][0] + self._gather_s - time.monotonic()
                if pause > 0 and len(self._queue) < self._settings.batch:
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
            while self._queue:
                _refuse_all([self._queue.popleft()[1]], "the desk is stopping")
            for task in list(self._asking):
                task.cancel()

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
        if len(self._queue) >= self._settings.batch:
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
        except Again:
            if tries == 1:
                raise Away("deadlock") from None
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
        async with self._store.transaction() as transaction:
            taken = await transaction.take(batch, at, self.pace.interval_s, stretch)
            rows = {row.kiosk_id: row for row in taken}
            await self._write_changes(transaction, batch, rows, at)
        doubtful: list[Beat] = []
        for beat in batch:
            row = rows.get(beat.kiosk_id)
            if row is None:
                doubtful.append(beat)
            else:
                self._reply(beat, row, at, stretch)
        metrics.OK.inc(len(rows))
        if doubtful:
            await self._resolve(doubtful, at, stretch)

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

    async def _resolve(self, beats: list[Beat], at: datetime, stretch: int) -> None:
        for beat, outcome in zip(beats, await self._doubts.resolve(beats), strict=True):
            if isinstance(outcome, Refusal):
                _answer(beat, outcome)
            elif outcome is not None:
                metrics.RETRY.inc()
                self._reply(beat, outcome, at, stretch, again=True)
            elif beat.tries + 1 >= _TRIES:
                _answer(beat, busy("could not be taken"))
            else:
                beat.tries += 1
                self._queue.append((time.monotonic(), beat))
                self._some.set()

    def _reply(self, beat: Beat, row: Taken, at: datetime, stretch: int, *, again: bool = False) -> None:
        settle = len(row.serials) > len(beat.serial) + 2
        if row.commands_waiting or row.rollout_id or settle:
            task = asyncio.create_task(self._reply_with_orders(beat, row, at, stretch, again=again, settle=settle))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)
        else:
            _answer(beat, self._encoded(beat, row, at, stretch))

    async def _reply_with_orders(
        self, beat: Beat, row: Taken, at: datetime, stretch: int, *, again: bool, settle: bool
    ) -> None:
        """The heartbeat is taken: whatever goes wrong here, it is answered, and the orders come with the next one."""
        commands: list[CommandOrder] = []
        rollout: RolloutOrder | None = None
        try:
            if settle:
                await self._orders.settle(beat.kiosk_id, beat.serial)
            if row.commands_waiting:
                commands = await self._orders.commands(beat.kiosk_id, again=again)
            if row.rollout_id:
                rollout = await self._orders.rollout(row.rollout_id, beat.kiosk_id)
        except asyncio.CancelledError:
            _answer(beat, busy("the desk is stopping"))
            raise
        except Exception as error:  # noqa: BLE001
            log.warning("heartbeat_orders_failed", error=type(error).__name__, where=where(error))
        _answer(beat, self._encoded(beat, row, at, stretch, commands, rollout))

    def _encoded(
        self,
        beat: Beat,
        row: Taken,
        at: datetime,
        stretch: int,
        commands: list[CommandOrder] | None = None,
        rollout: RolloutOrder | None = None,
    ) -> bytes:
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
