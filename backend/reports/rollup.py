"""The job that makes days out of history: availability of every kiosk, its use, and the sums of every county.

Doing a day again gives the same rows. Days that were missed are made up for, oldest first. The day that has not ended
is made again and again and marked incomplete.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.pieces import check, in_pieces
from backend.db.engine import Sessions, writing
from backend.fleet.models import Kiosk, KioskEvent, KioskPulse, KioskState
from backend.fleet.silence import hearing
from backend.operations.jobs import Lease
from backend.regions.division import Level
from backend.reports.availability import MATTERS, Condition, Gap, Happening, Was, from_state, merged, spend, wound_back
from backend.reports.days import before, bounds, day_of, days_between
from backend.reports.models import DeskGap, HealthDay, KioskDay, RegionDay, UsageDay, UsageTotal

_AT_ONCE = 1000  # kiosks of one transaction
_AT_MOST_DAYS = 40  # made up for after the desk was away
_LATE = timedelta(minutes=10)  # an event of 23:59 may be committed after midnight: no day is over before
_MOST = 1_000_000  # of anything at one kiosk in a day: more is a broken counter, and spoils the county's sums
COUNTERS = ("sessions", "completed", "failed", "prints", "payments")
_COUNTY = Level.COUNTY.digits

Clock = Callable[[], datetime]


class Rollup:
    def __init__(self, sessions: Sessions, clock: Clock = lambda: datetime.now(UTC)) -> None:
        self._sessions = sessions
        self._clock = clock

    async def run(self, lease: Lease | None = None) -> None:
        """Every few minutes: count, book what was used, and make the days. Raises NotOurs."""
        now = self._clock()
        await self._count(now, lease)
        await self._book_usage(lease)
        for day in await self._due(day_of(now)):
            await self._make_day(day, now, lease)

    @asynccontextmanager
    async def _writing(self, lease: Lease | None) -> AsyncIterator[AsyncSession]:
        """Commits at the end, if the lease is still ours."""
        async with writing(self._sessions) as session:
            await check(session, lease)
            yield session
            await session.commit()

    async def _due(self, today: str) -> list[str]:
        """The days to make: those since the last complete one; of a new desk only today."""
        async with self._sessions() as session:
            last = await session.scalar(select(func.max(KioskDay.day)).where(KioskDay.complete.is_(True)))
            first = await session.scalar(select(func.min(KioskDay.day)).where(KioskDay.complete.is_(False)))
        start = first or today if last is None else before(last, -1)
        return days_between(max(min(start, today), before(today, _AT_MOST_DAYS)), today)

    async def _make_day(self, day: str, now: datetime, lease: Lease | None) -> None:
        begin, end = bounds(day)
        until = min(end, now)
        if until <= begin:
            return
        async with self._sessions() as session:
            gaps = await self._gaps(session, begin, until, now)

        async def make(some: Sequence[Any]) -> None:
            async with self._writing(lease) as session:
                await self._make_some(session, day, some, begin, until, gaps)

        last = ""
        while True:
            async with self._sessions() as session:
                kiosks = (
                    await session.execute(
                        select(
                            KioskState.kiosk_id,
                            KioskState.region_code,
                            KioskState.health,
                            KioskState.in_service,
                            KioskState.troubles,
                        )
                        .where(KioskState.kiosk_id > last)
                        .order_by(KioskState.kiosk_id)
                        .limit(_AT_ONCE)
                    )
                ).all()
            if kiosks:
                await in_pieces(kiosks, make, lambda row: str(row[0]), "availability")
            if len(kiosks) < _AT_ONCE:
                break
            last = kiosks[-1][0]
        async with self._writing(lease) as session:
            if now >= end + _LATE:  # a crash before this makes the day again
                await session.execute(update(KioskDay).where(KioskDay.day == day).values(complete=True))
            await sum_counties(session, day)

    async def _make_some(
        self,
        session: AsyncSession,
        day: str,
        kiosks: Sequence[Any],
        begin: datetime,
        until: datetime,
        gaps: Sequence[Gap],
    ) -> None:
        ids = [row[0] for row in kiosks]
        carried = {
            kiosk_id: Condition.from_text(text)
            for kiosk_id, text in await session.execute(
                select(KioskDay.kiosk_id, KioskDay.last_state).where(
                    KioskDay.kiosk_id.in_(ids), KioskDay.day == before(day), KioskDay.last_state != ""
                )
            )
        }
        between = KioskEvent.kiosk_id.between(ids[0], ids[-1])
        history = await _history(session, between, KioskEvent.at >= begin, KioskEvent.at < until)
        # No day before: as it is now, less all that has happened since this day began.
        new = [kiosk_id for kiosk_id in ids if kiosk_id not in carried]
        since = await _history(session, KioskEvent.kiosk_id.in_(new), KioskEvent.at >= begin) if new else {}
        rows = []
        for kiosk_id, region, health, in_service, troubles in kiosks:
            condition = carried.get(kiosk_id)
            if condition is None:
                condition = wound_back(from_state(health, in_service, troubles or ()), since.get(kiosk_id, ()))
            spent, condition = spend(condition, history.get(kiosk_id, ()), begin, until, gaps)
            rows.append(
                {
                    "kiosk_id": kiosk_id,
                    "day": day,
                    "region_code": region,
                    **{f"{was.value}_s": spent[was] for was in Was},
                    "last_state": condition.to_text(),
                    "complete": False,
                }
            )
        await session.execute(delete(KioskDay).where(KioskDay.day == day, KioskDay.kiosk_id.in_(ids)))
        await session.execute(insert(KioskDay), rows)

    async def _gaps(self, session: AsyncSession, begin: datetime, until: datetime, now: datetime) -> list[Gap]:
        """Those that are over, and the one that is not."""
        rows = await session.execute(
            select(DeskGap.since, DeskGap.until).where(DeskGap.since < until, DeskGap.until > begin)
        )
        gaps = [(since, end) for since, end in rows]
        heard = await hearing(session)
        if heard is not None and not heard.listens(now) and heard.at < until:
            gaps.append((heard.at, now))
        return merged(gaps)

    async def _count(self, now: datetime, lease: Lease | None) -> None:
        """Today's row of every county and health; yesterday's stay as they were last."""
        day = day_of(now)
        piece = func.substr(KioskState.region_code, 1, _COUNTY).label("piece")
        async with self._writing(lease) as session:
            counted = (
                await session.execute(select(piece, KioskState.health, func.count()).group_by(piece, KioskState.health))
            ).all()
            await session.execute(delete(HealthDay).where(HealthDay.day == day))
            if counted:
                await session.execute(
                    insert(HealthDay),
                    [
                        {"region_code": digits.ljust(12, "0"), "day": day, "health": health, "kiosks": kiosks}
                        for digits, health, kiosks in counted
                    ],
                )

    async def _book_usage(self, lease: Lease | None) -> None:
        """What the life counters have grown since they were last booked, onto the day of the last heartbeat."""

        async def book(some: Sequence[Any]) -> None:
            async with self._writing(lease) as session:
                await _book_some(session, some)

        last = ""
        while True:
            async with self._sessions() as session:
                rows = (
                    await session.execute(
                        select(
                            KioskPulse.kiosk_id,
                            Kiosk.region_code,
                            KioskPulse.seen_at,
                            KioskPulse.counters,
                            UsageTotal.counters,
                        )
                        .join(Kiosk, Kiosk.kiosk_id == KioskPulse.kiosk_id)
                        .outerjoin(UsageTotal, UsageTotal.kiosk_id == KioskPulse.kiosk_id)
                        .where(KioskPulse.kiosk_id > last)
                        .order_by(KioskPulse.kiosk_id)
                        .limit(_AT_ONCE)
                    )
                ).all()
            await in_pieces(rows, book, lambda row: str(row[0]), "usage")
            if len(rows) < _AT_ONCE:
                return
            last = rows[-1][0]


async def _history(session: AsyncSession, *where: ColumnElement[bool]) -> dict[str, list[Happening]]:
    """What matters of the kiosks' events, in the order it was heard of."""
    history: dict[str, list[Happening]] = {}
    query = select(KioskEvent.kiosk_id, KioskEvent.at, KioskEvent.kind, KioskEvent.severity, KioskEvent.detail)
    for kiosk_id, at, kind, severity, detail in await session.execute(
        query.where(*where, KioskEvent.kind.in_(MATTERS)).order_by(KioskEvent.id)
    ):
        history.setdefault(kiosk_id, []).append(Happening(at, kind, severity, detail or {}))
    return history


async def _book_some(session: AsyncSession, rows: Sequence[Any]) -> None:
    totals: list[dict[str, Any]] = []
    used: dict[tuple[str, str], dict[str, Any]] = {}
    for kiosk_id, region, seen_at, text, booked in rows:
        if seen_at is None or text == booked:
            continue
        totals.append({"kiosk_id": kiosk_id, "counters": text})
        if booked is None:
            continue  # the first sight of a kiosk: what it did before is not of this day
        grown = growth(json.loads(booked), json.loads(text))
        if any(grown.values()):
            day = day_of(seen_at)
            used[kiosk_id, day] = {"kiosk_id": kiosk_id, "day": day, "region_code": region, **grown}
    if totals:
        await session.execute(delete(UsageTotal).where(UsageTotal.kiosk_id.in_([row["kiosk_id"] for row in totals])))
        await session.execute(insert(UsageTotal), totals)
    if used:
        known = await session.scalars(
            select(UsageDay).where(
                UsageDay.kiosk_id.in_([kiosk_id for kiosk_id, _ in used]),
                UsageDay.day.in_({day for _, day in used}),
            )
        )
        for row in known:
            if grown_row := used.pop((row.kiosk_id, row.day), None):
                for name in COUNTERS:
                    setattr(row, name, min(getattr(row, name) + grown_row[name], _MOST))
        if used:
            await session.execute(insert(UsageDay), list(used.values()))
        await session.flush()


def growth(booked: dict[str, Any], now: dict[str, Any]) -> dict[str, int]:
    """How much each counter has grown. One that is smaller than before was reset: all it shows is new."""
    grown = {}
    for name in COUNTERS:
        old, new = _whole(booked.get(name)), _whole(now.get(name))
        grown[name] = new - old if new >= old else new
    return {name: min(value, _MOST) for name, value in grown.items()}


def _whole(value: object) -> int:
    return value if isinstance(value, int) and value >= 0 else 0


async def sum_counties(session: AsyncSession, day: str) -> None:
    """The counties' rows of a day, from those of their kiosks. The caller commits."""
    seconds = ("serving_s", "faulty_s", "closed_s", "offline_s", "unknown_s")
    counted = func.sum(case((sum((getattr(KioskDay, name) for name in seconds), start=KioskDay.serving_s * 0) > 0, 1)))
    piece = func.substr(KioskDay.region_code, 1, _COUNTY).label("piece")
    days = await session.execute(
        select(piece, func.coalesce(counted, 0), *(func.sum(getattr(KioskDay, name)) for name in seconds))
        .where(KioskDay.day == day)
        .group_by(piece)
    )
    rows: dict[str, dict[str, Any]] = {}
    for digits, kiosks, *sums in days:
        row = dict.fromkeys(COUNTERS, 0) | dict(zip(seconds, (int(value) for value in sums), strict=True))
        code = digits.ljust(12, "0")
        rows[code] = {"region_code": code, "day": day, "kiosks": int(kiosks), **row}
    piece = func.substr(UsageDay.region_code, 1, _COUNTY).label("piece")
    used = await session.execute(
        select(piece, *(func.sum(getattr(UsageDay, name)) for name in COUNTERS))
        .where(UsageDay.day == day)
        .group_by(piece)
    )
    for digits, *sums in used:
        if found := rows.get(digits.ljust(12, "0")):
            found.update(zip(COUNTERS, (int(value) for value in sums), strict=True))
    await session.execute(delete(RegionDay).where(RegionDay.day == day))
    if rows:
        await session.execute(insert(RegionDay), list(rows.values()))
