"""Writes down how much paper and toner each kiosk has, a part of the fleet at a time, and forecasts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.models import AlertCursor
from backend.alerts.pieces import check, in_pieces
from backend.alerts.supplies.forecast import Point, forecast
from backend.alerts.supplies.models import SupplyTrack
from backend.db.engine import Sessions, writing
from backend.fleet.health import Health
from backend.fleet.models import KioskPulse, KioskState
from backend.operations.jobs import Lease

KEPT = 60  # samples of a supply: fifteen days
LAP = timedelta(hours=6)
_AT_ONCE = 1000
# Which of the kiosk's counters goes with the paper of a device.
_COUNTERS = {"receipt_printer": "receipts", "document_printer": "prints"}


class Sampler:
    def __init__(self, sessions: Sessions, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._sessions = sessions
        self._clock = clock

    async def run(self, lease: Lease | None = None) -> None:
        """The next thousand kiosks; after the last one, from the front again when six hours are over."""
        now = self._clock()
        async with writing(self._sessions) as session:
            cursor = await session.get(AlertCursor, "supplies")
            if cursor is None:
                cursor = AlertCursor(name="supplies", value=0, text="", at=now)
                session.add(cursor)
            elif cursor.text == "" and cursor.at is not None and now < cursor.at + LAP:
                return
            if cursor.text == "":
                cursor.at = now  # the lap begins
            after = cursor.text
            await session.commit()
        rows = await self._rows(after)

        async def sample(some: Sequence[Row[Any]]) -> None:
            async with writing(self._sessions) as session:
                await check(session, lease)
                await self._sample(session, some, now)
                await session.commit()

        await in_pieces(rows, sample, lambda row: str(row.kiosk_id), "supplies")
        async with writing(self._sessions) as session:
            await check(session, lease)
            cursor = await session.get_one(AlertCursor, "supplies")
            cursor.text = rows[-1].kiosk_id if len(rows) == _AT_ONCE else ""
            await session.commit()

    async def _rows(self, after: str) -> Sequence[Row[Any]]:
        async with self._sessions() as session:
            query = (
                select(KioskState.kiosk_id, KioskState.health, KioskState.report, KioskPulse.counters)
                .join(KioskPulse, KioskPulse.kiosk_id == KioskState.kiosk_id)
                .where(KioskState.kiosk_id > after)
                .order_by(KioskState.kiosk_id)
                .limit(_AT_ONCE)
            )
            return (await session.execute(query)).all()

    async def _sample(self, session: AsyncSession, rows: Sequence[Row[Any]], now: datetime) -> None:
        ids = [row.kiosk_id for row in rows]
        query = select(SupplyTrack).where(SupplyTrack.kiosk_id.in_(ids))
        tracks = {(track.kiosk_id, track.device, track.supply): track for track in await session.scalars(query)}
        for row in rows:
            if row.health in (Health.OFFLINE, Health.PLANNED, Health.REVOKED, Health.RETIRED):
                continue
            for device, supply, point in points_of(row.report or {}, row.counters, now):
                track = tracks.get((row.kiosk_id, device, supply))
                if track is None:
                    track = SupplyTrack(kiosk_id=row.kiosk_id, device=device, supply=supply, points=[], basis="")
                    session.add(track)
                add_point(track, point)


def points_of(report: dict[str, Any], counters: str, now: datetime) -> Iterator[tuple[str, str, Point]]:
    """(device, supply, sample) of everything that can run out."""
    totals = json.loads(counters or "{}")
    for name, device in (report.get("devices") or {}).items():
        supplies, levels = device.get("supplies") or {}, device.get("levels") or {}
        for supply in sorted({*supplies, *levels}):
            count = totals.get(_COUNTERS.get(name, "")) if supply == "paper" else None
            yield name, supply, Point(now.timestamp(), levels.get(supply), supplies.get(supply, ""), count)


def add_point(track: SupplyTrack, point: Point) -> None:
    """The newest sample, and the forecast that follows."""
    row = [round(point.at), point.level, point.state, point.count]
    track.points = [*track.points[-(KEPT - 1) :], row]
    answer = forecast([Point(*one) for one in track.points])
    track.level, track.runs_out_at, track.basis = point.level, answer.runs_out_at, answer.basis.value
