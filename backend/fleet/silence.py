"""Kiosks that are not heard any more, and whether the desk could have heard them.

A kiosk is missed `patience_s` after its last heartbeat, and not before the desk has been listening for as long without
a break: after an outage of our own the whole province is silent, and none of it is the kiosks' fault.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, insert, literal, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db.engine import Sessions, writing
from backend.fleet.events import EventKind, Severity
from backend.fleet.health import Health
from backend.fleet.heartbeat.models import DeskHearing
from backend.fleet.models import KioskEvent, KioskPulse, KioskState
from backend.reports.models import DeskGap

RENEWED_EVERY_S = 5.0
DEAF_AFTER = timedelta(seconds=30)  # without any process that renews it
_DESK = "desk"


@dataclass(frozen=True)
class Hearing:
    """Whether heartbeats can come in, and since when."""

    since: datetime
    at: datetime

    def listens(self, now: datetime) -> bool:
        return now - self.at < DEAF_AFTER


async def hearing(session: AsyncSession) -> Hearing | None:
    """None: no process has taken heartbeats yet."""
    row = await session.get(DeskHearing, _DESK, populate_existing=True)
    return Hearing(row.since, row.at) if row else None


async def listening(sessions: Sessions, at: datetime) -> None:
    """A process that takes heartbeats says so, every few seconds. The caller's clock must be the fleet's."""
    async with writing(sessions) as session:
        gap = DeskHearing.at < at - DEAF_AFTER
        # Locked: of two processes that come back together, one writes it down.
        deaf = select(DeskHearing.at, literal(at, DeskHearing.at.type)).where(DeskHearing.name == _DESK, gap)
        await session.execute(insert(DeskGap).from_select(["since", "until"], deaf.with_for_update()))
        renewed = await session.execute(
            update(DeskHearing)
            .where(DeskHearing.name == _DESK)
            .values(since=case((gap, literal(at, DeskHearing.since.type)), else_=DeskHearing.since), at=at)
            .returning(DeskHearing.name)
        )
        if renewed.first() is None:
            session.add(DeskHearing(name=_DESK, since=at, at=at))
        try:
            await session.commit()
        except IntegrityError:  # another process was first
            await session.rollback()


async def declare_silent(sessions: Sessions, at: datetime, *, at_once: int = 5000) -> int:
    """The job "silence": whoever is missed becomes offline. Returns how many.

    A whole province takes several transactions, so that none of its heartbeats waits long for a lock.
    """
    total = 0
    while count := await _some_silent(sessions, at, at_once):
        total += count
    return total


async def _some_silent(sessions: Sessions, at: datetime, at_once: int) -> int:
    now = int(at.timestamp())
    async with writing(sessions) as session:
        heard = await hearing(session)
        if heard is None or not heard.listens(at):
            return 0
        listened = now - int(heard.since.timestamp())
        # Locked, so that a heartbeat that comes this moment is either seen here or sees what was done. Whoever is
        # being written now is not silent.
        missed = (
            select(KioskPulse.kiosk_id)
            .where(
                KioskPulse.digest != "",
                KioskPulse.silent_after < now,
                KioskPulse.patience_s < listened,
                KioskPulse.accepts,
            )
            .limit(at_once)
            .with_for_update(skip_locked=True)
        )
        postgres = session.get_bind().dialect.name == "postgresql"
        # Without its digest the next heartbeat is a change, and brings the kiosk back.
        gone = (
            update(KioskPulse)
            .where(KioskPulse.kiosk_id.in_(missed))
            .values(digest="")
            .returning(KioskPulse.kiosk_id, KioskPulse.seen_at)
        )
        if not postgres:  # no UPDATE inside a SELECT there; but one writer, so the steps see the same rows
            names = [row.kiosk_id for row in await session.execute(gone)]
            await _offline_by_names(session, names, at)
            count = len(names)
        else:
            count = await _offline_at_once(session, gone, at)
        await session.commit()
    return count


async def _offline_at_once(session: AsyncSession, gone: object, at: datetime) -> int:
    silent = gone.cte("silent")  # type: ignore[attr-defined]
    states = (
        update(KioskState)
        .where(KioskState.kiosk_id == silent.c.kiosk_id, KioskState.online)
        .values(online=False, online_changed_at=at, health=Health.OFFLINE.value, changed_at=at)
        .returning(KioskState.kiosk_id, KioskState.region_code)
        .cte("states")
    )
    rows = select(
        states.c.kiosk_id,
        states.c.region_code,
        literal(at, KioskEvent.at.type),
        literal(EventKind.OFFLINE.value),
        literal(Severity.ERROR.value),
        literal({}, KioskEvent.detail.type),
    )
    made = insert(KioskEvent).from_select(["kiosk_id", "region_code", "at", "kind", "severity", "detail"], rows)
    result = await session.execute(made)
    return int(result.rowcount)  # type: ignore[attr-defined]


async def _offline_by_names(session: AsyncSession, names: list[str], at: datetime) -> None:
    for start in range(0, len(names), 500):
        states = await session.execute(
            update(KioskState)
            .where(KioskState.kiosk_id.in_(names[start : start + 500]), KioskState.online)
            .values(online=False, online_changed_at=at, health=Health.OFFLINE.value, changed_at=at)
            .returning(KioskState.kiosk_id, KioskState.region_code)
        )
        rows = [
            {
                "kiosk_id": row.kiosk_id,
                "region_code": row.region_code,
                "at": at,
                "kind": EventKind.OFFLINE.value,
                "severity": Severity.ERROR.value,
                "detail": {},
            }
            for row in states
        ]
        if rows:
            await session.execute(insert(KioskEvent), rows)
