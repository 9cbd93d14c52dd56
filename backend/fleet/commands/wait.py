"""GET /fleet/v1/wait?seconds=N as raw ASGI: an urgent command at once, or nothing after N seconds.

Thousands wait here at the same time, so a waiting request is one small object and no task or timer of its own: the
request's coroutine sleeps in `receive` until its connection ends or is answered, and one round a second answers whoever
has something or has waited long enough. Any process may have given the command; the round asks the database once.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import msgspec
import structlog
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.types import Receive, Scope, Send

from backend.contract.fleet_api import MAX_WAIT_S, CommandOrder, CommandState, FleetProblem, Orders
from backend.db.engine import Sessions, writing
from backend.fleet.commands.leases import take
from backend.fleet.commands.models import Command
from backend.fleet.heartbeat import metrics
from backend.fleet.heartbeat.answers import Refusal, busy, send_json, send_refusal
from backend.fleet.heartbeat.caller import caller, peer_or_refuse
from backend.fleet.identity.certificates import serials
from backend.fleet.identity.peer import Peer
from backend.fleet.models import KioskPulse
from backend.logging import where

log = structlog.get_logger()

ROUND_S = 1.0
SEND_S = 5.0  # for an answer to be taken off us
_LOOK_BACK = timedelta(seconds=30)  # commits take their time, and clocks of processes differ
_AT_ONCE = 200  # kiosks of one transaction
MOST_WAITING = 80_000

_EMPTY = msgspec.json.encode(Orders())


class _Waiting:
    __slots__ = ("answering", "kiosk_id", "send", "serial", "until")

    def __init__(self, kiosk_id: str, serial: str, send: Send, until: float) -> None:
        self.kiosk_id, self.serial, self.send, self.until = kiosk_id, serial, send, until
        self.answering = False


class WaitDoor:
    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._waiting: dict[str, _Waiting] = {}
        self._some = asyncio.Event()
        self._answering: set[asyncio.Task[None]] = set()
        self._stopping = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            peer = peer_or_refuse(scope)
            seconds = _seconds(scope)
            if len(self._waiting) >= MOST_WAITING:
                raise busy("too many wait already", from_s=30, spread_s=60)
            orders = await self._arrive(scope, peer)
            if self._stopping and not orders:
                raise busy("the desk is stopping")
        except Refusal as refusal:
            await send_refusal(send, refusal)
            return
        if orders or seconds == 0:
            await send_json(send, 200, _encoded(orders))
            return
        kiosk_id = peer.kiosk_id
        before = self._waiting.get(kiosk_id)
        waiting = _Waiting(kiosk_id, peer.serial, send, time.monotonic() + seconds)
        self._waiting[kiosk_id] = waiting
        metrics.POLLS.set(len(self._waiting))
        self._some.set()
        try:
            if before is not None:  # the kiosk has given that one up
                self._answer(before, [])
            while (await receive())["type"] == "http.request":
                pass
        finally:
            if self._waiting.get(kiosk_id) is waiting:
                del self._waiting[kiosk_id]
            metrics.POLLS.set(len(self._waiting))

    async def run(self) -> None:
        """For ever; at the end everybody is answered."""
        try:
            while True:
                await self._some.wait()
                self._some.clear()
                while self._waiting:
                    await asyncio.sleep(ROUND_S)
                    try:
                        await self.round(datetime.now(UTC))
                    except Exception as error:  # noqa: BLE001 - the database is away, or a bug: the next round may work
                        log.warning("wait_round_failed", error=type(error).__name__, where=where(error))
        finally:
            await self.stop()

    async def stop(self) -> None:
        """Answer everybody with nothing and let nobody wait any more: the server ends. Takes SEND_S at most."""
        self._stopping = True
        for waiting in list(self._waiting.values()):
            self._done(waiting, [])
        if self._answering:
            await asyncio.wait(self._answering)

    async def round(self, at: datetime) -> None:
        """Answer those who have something, and those who have waited long enough."""
        now = time.monotonic()
        for waiting in [one for one in self._waiting.values() if one.until <= now]:
            self._done(waiting, [])
        async with self._sessions() as session:
            rows = await session.execute(
                select(Command.kiosk_id, KioskPulse.accepts, KioskPulse.serials)
                .join(KioskPulse, KioskPulse.kiosk_id == Command.kiosk_id)
                .where(
                    Command.urgent,
                    Command.state == CommandState.WAITING.value,
                    Command.created_at > at - _LOOK_BACK,
                    Command.expires_at > at,
                )
                .distinct()
            )
            found = {row.kiosk_id: row for row in rows if row.kiosk_id in self._waiting}
        wanted: list[str] = []
        for kiosk_id, row in found.items():
            if (waiting_now := self._waiting.get(kiosk_id)) is None:
                continue
            if row.accepts and serials(waiting_now.serial) in row.serials:
                wanted.append(kiosk_id)
            else:  # enrolled anew, renewed or revoked since it came: its next request is judged anew
                self._done(waiting_now, [])
        for start in range(0, len(wanted), _AT_ONCE):
            some = {
                kiosk_id: self._waiting[kiosk_id]
                for kiosk_id in wanted[start : start + _AT_ONCE]
                if kiosk_id in self._waiting
            }
            async with writing(self._sessions) as session:
                held = {kiosk_id: waiting.serial for kiosk_id, waiting in some.items()}
                orders = await take(session, list(some), at, held=held)
                await session.commit()
            for kiosk_id, mine in orders.items():
                asked, now_there = some[kiosk_id], self._waiting.get(kiosk_id)
                # Another may have come since: the same holder is told there, another one must not get them.
                same = now_there is not None and now_there.serial == asked.serial
                self._done(now_there if now_there is not None and same else asked, mine)

    def _done(self, waiting: _Waiting, orders: list[CommandOrder]) -> None:
        if self._waiting.get(waiting.kiosk_id) is waiting:
            del self._waiting[waiting.kiosk_id]
        self._answer(waiting, orders)

    def _answer(self, waiting: _Waiting, orders: list[CommandOrder]) -> None:
        """In a task of its own: one that reads slowly holds up nobody else."""
        if waiting.answering:
            return
        waiting.answering = True
        task = asyncio.create_task(_send(waiting, orders))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _arrive(self, scope: Scope, peer: Peer) -> list[CommandOrder]:
        """What is urgent already, if it is a kiosk in force. Raises Refusal."""
        at = datetime.now(UTC)
        try:
            async with self._sessions() as session:
                kiosk_id = await caller(session, scope)
                urgent = await session.scalar(
                    select(Command.command_id)
                    .where(
                        Command.kiosk_id == kiosk_id,
                        Command.urgent,
                        Command.state == CommandState.WAITING.value,
                        Command.expires_at > at,
                    )
                    .limit(1)
                )
            if urgent is None:
                return []
            async with writing(self._sessions) as session:
                orders = await take(session, [kiosk_id], at, held={kiosk_id: peer.serial})
                await session.commit()
        except (DBAPIError, OSError, PoolTimeout):
            raise busy("the database does not answer") from None
        return orders.get(kiosk_id, [])


async def _send(waiting: _Waiting, orders: list[CommandOrder]) -> None:
    try:
        async with asyncio.timeout(SEND_S):
            await send_json(waiting.send, 200, _encoded(orders))
    except Exception as error:  # noqa: BLE001 - one broken connection; what it was to get is handed out again
        log.info("wait_answer_failed", error=type(error).__name__)


def _encoded(orders: list[CommandOrder]) -> bytes:
    return msgspec.json.encode(Orders(commands=orders)) if orders else _EMPTY


def _seconds(scope: Scope) -> int:
    given = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("seconds", ["60"])[0]
    if not (given.isascii() and given.isdigit() and len(given) < 6):
        raise Refusal(FleetProblem.INVALID, "seconds: a whole number")
    return min(int(given), MAX_WAIT_S)
