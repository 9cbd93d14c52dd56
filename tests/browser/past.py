"""Days that have gone by, for pictures and tests of reports: drawn, not lived, the same every time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.feedback.models import RatingRow
from backend.fleet.models import KioskState
from backend.reports.availability import from_state
from backend.reports.days import before, day_of
from backend.reports.models import HealthDay, KioskDay, UsageDay
from backend.reports.rollup import sum_counties

DAY_S = 86_400


async def invent_days(session: AsyncSession, days: int, now: datetime | None = None) -> None:
    """Availability, use and ratings of all kiosks for the last `days` complete days. The caller commits."""
    now = now or datetime.now(UTC)
    kiosks = (await session.execute(select(KioskState.kiosk_id, KioskState.region_code, KioskState.health))).all()
    for back in range(days, 0, -1):
        day = before(day_of(now), back)
        random = Random(day)
        gap = 2_400 if back == 5 else 0
        spent: list[dict[str, Any]] = []
        used: list[dict[str, Any]] = []
        ratings: list[dict[str, Any]] = []
        counted: dict[tuple[str, str], int] = {}
        for kiosk_id, region, health in kiosks:
            bad = random.random() < (0.2 if Random(region[:6]).random() < 0.1 else 0.04)
            offline = random.randint(600, 40_000) if bad else 0
            closed = random.randint(600, 20_000) if random.random() < 0.03 else 0
            faulty = random.randint(300, 12_000) if random.random() < 0.06 else 0
            key = {"kiosk_id": kiosk_id, "day": day, "region_code": region}
            spent.append(
                {
                    **key,
                    "offline_s": offline,
                    "closed_s": closed,
                    "faulty_s": faulty,
                    "unknown_s": gap,
                    "serving_s": DAY_S - offline - closed - faulty - gap,
                    "last_state": from_state(health).to_text(),
                    "complete": True,
                }
            )
            done, failed = random.randint(0, 40), random.randint(0, 2)
            deeds = {"sessions": done + failed, "completed": done, "failed": failed, "prints": done // 2}
            used.append({**key, **deeds, "payments": done // 3})
            if random.random() < 0.08:
                ratings.append(
                    {
                        "rating_id": f"{kiosk_id}-{day}",
                        "kiosk_id": kiosk_id,
                        "service_id": "water-bill",
                        "level": random.choices((5, 4, 3, 2, 1), (60, 25, 10, 3, 2))[0],
                        "rated_at": now - timedelta(days=back),
                        "received_at": now - timedelta(days=back),
                    }
                )
            county = region[:6].ljust(12, "0")
            seen = "offline" if bad and random.random() < 0.3 else health
            counted[county, seen] = counted.get((county, seen), 0) + 1
        health_rows = [
            {"region_code": county, "day": day, "health": health, "kiosks": count}
            for (county, health), count in counted.items()
        ]
        for table, rows in ((KioskDay, spent), (UsageDay, used), (RatingRow, ratings), (HealthDay, health_rows)):
            for start in range(0, len(rows), 2000):
                await session.execute(insert(table), rows[start : start + 2000])
        await sum_counties(session, day)
