"""The job that makes days out of history: availability of every kiosk, its use, and the sums of every county.

Doing a day again gives the same rows. Days that were missed are made up for, oldest first. The day that has not ended
is made again and again and marked incomplete.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import case, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db.engine import Sessions, writing
from backend.fleet.models import Kiosk, KioskEvent, KioskPulse, KioskState
from backend.operations.jobs import Lease
from backend.regions.division import Level
from backend.reports.availability import MATTERS, Condition, Gap, Happening, Was, from_health, merged, spend
from backend.reports.days import before, bounds, day_of, days_between
from backend.reports.models import DeskGap, DeskPresence, HealthDay, KioskDay, RegionDay, UsageDay, UsageTotal

_AT_ONCE = 1000  # kiosks of one transaction
_AT_MOST_DAYS = 40  # made up for after the desk was away
_SILENCE = timedelta(minutes=3)  # between two signs of life: longer, and the desk was down
COUNTERS = ("sessions", "completed", "failed", "prints", "payments")
_COUNTY = Level.COUNTY.digits

Clock = Callable[[], datetime]


class Rollup:
    def __init__(self, sessions: Sessions, clock: Clock = lambda: datetime.now(UTC)) -> None:
        self._sessions = sessions
        self._clock = clock

    async def alive(self, lease: Lease | None = None) -> None:
        """Every minute: note that the desk is up, and that it was not if the last note is old."""
        now = self._clock()
        async with writing(self._sessions) as session:
            row = await session.get(DeskPresence, "desk", with_for_update=True)
            if row is None:
                session.add(DeskPresence(name="desk", at=now))
            else:
                if now - row.at > _SILENCE:
                    session.add(DeskGap(since=row.at, until=now))
                row.at = max(now, row.at)
            await session.commit()

    async def run(self, lease: Lease | None = None) -> None:
        """Every few minutes: count, book what was used, and make the days."""
        now = self._clock()
        await self._count(now)
        await self._book_usage()
        for day in await self._due(day_of(now)):
            await self._make_day(day, now)

    async def _due(self, today: str) -> list[str]:
        """The days to make: those since the last complete one; of a new desk only today."""
        async with self._sessions() as session:
            last = await session.scalar(select(func.max(KioskDay.day)).where(KioskDay.complete.is_(True)))
            first = await session.scalar(select(func.min(KioskDay.day)).where(KioskDay.complete.is_(False)))
        start = first or today if last is None else before(last, -1)
        return days_between(max(min(start, today), before(today, _AT_MOST_DAYS)), today)

    async def _make_day(self, day: str, now: datetime) -> None:
        begin, end = bounds(day)
        until = min(end, now)
        if until <= begin:
            return
        last = ""
        while True:
            async with writing(self._sessions) as session:
                gaps = await self._gaps(session, begin, until)
                kiosks = (
                    await session.execute(
                        select(KioskState.kiosk_id, KioskState.region_code, KioskState.health, KioskState.changed_at)
                        .where(KioskState.kiosk_id > last)
                        .order_by(KioskState.kiosk_id)
                        .limit(_AT_ONCE)
                    )
                ).all()
                if kiosks:
                    await self._make_some(session, day, kiosks, begin, until, gaps)
                await session.commit()
            if len(kiosks) < _AT_ONCE:
                break
            last = kiosks[-1][0]
        async with writing(self._sessions) as session:
            if now >= end:  # a crash before this makes the day again
                await session.execute(update(KioskDay).where(KioskDay.day == day).values(complete=True))
            await sum_counties(session, day)
            await session.commit()

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
        history: dict[str, list[Happening]] = {}
        found = await session.execute(
            select(KioskEvent.kiosk_id, KioskEvent.at, KioskEvent.kind, KioskEvent.severity, KioskEvent.detail)
            .where(
                KioskEvent.at >= begin,
                KioskEvent.at < until,
                KioskEvent.kiosk_id.between(ids[0], ids[-1]),
                KioskEvent.kind.in_(MATTERS),
            )
            .order_by(KioskEvent.id)
        )
        for kiosk_id, at, kind, severity, detail in found:
            history.setdefault(kiosk_id, []).append(Happening(at, kind, severity, detail or {}))
        rows = []
        for kiosk_id, region, health, changed_at in kiosks:
            condition = carried.get(kiosk_id)
            if condition is None:
                # No day before: as it is now, if it has been so since before the day; else wait for an event.
                unchanged = changed_at is None or changed_at < begin
                condition = from_health(health) if unchanged else Condition()
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

    async def _gaps(self, session: AsyncSession, begin: datetime, until: datetime) -> list[Gap]:
        rows = await session.execute(
            select(DeskGap.since, DeskGap.until).where(DeskGap.since < until, DeskGap.until > begin)
        )
        return merged((since, end) for since, end in rows)

    async def _count(self, now: datetime) -> None:
        """Today's row of every county and health; yesterday's stay as they were last."""
        day = day_of(now)
        piece = func.substr(KioskState.region_code, 1, _COUNTY).label("piece")
        async with writing(self._sessions) as session:
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
            await session.commit()

    async def _book_usage(self) -> None:
        """What the life counters have grown since they were last booked, onto the day of the last heartbeat."""
        last = ""
        while True:
            async with writing(self._sessions) as session:
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
                await _book_some(session, rows)
                await session.commit()
            if len(rows) < _AT_ONCE:
                return
            last = rows[-1][0]


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
                    setattr(row, name, getattr(row, name) + grown_row[name])
        if used:
            await session.execute(insert(UsageDay), list(used.values()))
        await session.flush()


def growth(booked: dict[str, Any], now: dict[str, Any]) -> dict[str, int]:
    """How much each counter has grown. One that is smaller than before was reset: all it shows is new."""
    grown = {}
    for name in COUNTERS:
        old, new = _whole(booked.get(name)), _whole(now.get(name))
        grown[name] = new - old if new >= old else new
    return {name: min(value, 2**31 - 1) for name, value in grown.items()}


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
