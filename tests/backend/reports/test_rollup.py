"""The job that makes days: across days, twice, after an outage, and what the reports say of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from backend.db.engine import Sessions, writing
from backend.feedback.models import RatingRow
from backend.fleet.events import EventKind, Severity, event
from backend.fleet.models import KioskPulse, KioskState
from backend.reports.models import DeskGap, HealthDay, KioskDay, RegionDay, UsageDay
from backend.reports.rollup import Rollup
from tests.backend.desk import ADMIN, CITY, Desk

MIDNIGHT = datetime(2026, 3, 1, 16, 0, tzinfo=UTC)  # of Shanghai: 2 March begins
KIOSK = "K-990101000000"
REGION = "990101000000"


@dataclass
class Clock:
    now: datetime

    def __call__(self) -> datetime:
        return self.now


async def rolled(sessions: Sessions, now: datetime) -> None:
    await Rollup(sessions, Clock(now)).run()


async def happens(desk: Desk, at: datetime, kind: EventKind, severity: str = "info", **detail: Any) -> None:
    async with writing(desk.sessions) as session:
        session.add(event(KIOSK, REGION, kind, at, Severity(severity), **detail))
        await session.commit()


async def day(desk: Desk, name: str) -> KioskDay:
    async with desk.sessions() as session:
        return await session.get_one(KioskDay, (KIOSK, name))


async def test_days_follow_one_another(desk: Desk) -> None:
    await desk.seed(0.004)
    await happens(desk, MIDNIGHT + timedelta(hours=1), EventKind.ENROLLED)
    await happens(desk, MIDNIGHT + timedelta(hours=2), EventKind.ONLINE)
    await rolled(desk.sessions, MIDNIGHT + timedelta(hours=3))
    today = await day(desk, "2026-03-02")
    assert (today.serving_s, today.offline_s, today.complete) == (3600, 3600, False)

    await happens(desk, MIDNIGHT + timedelta(hours=22), EventKind.SERVICE, "warning", in_service=False)
    await rolled(desk.sessions, MIDNIGHT + timedelta(hours=26))
    today = await day(desk, "2026-03-02")
    assert (today.serving_s, today.offline_s, today.closed_s, today.complete) == (20 * 3600, 3600, 7200, True)
    assert (await day(desk, "2026-03-03")).closed_s == 7200

    # Nobody rolled anything up for three days: they are made up for, and doing it again changes nothing.
    for _ in range(2):
        await rolled(desk.sessions, MIDNIGHT + timedelta(days=4, hours=1))
        assert [(await day(desk, f"2026-03-0{n}")).closed_s for n in (3, 4, 5, 6)] == [86400, 86400, 86400, 3600]
        async with desk.sessions() as session:
            county = await session.get_one(RegionDay, (REGION, "2026-03-04"))
        assert (county.closed_s, county.kiosks) == (86400, 1)


async def test_the_desk_s_outage_is_seen_and_counted_as_unknown(desk: Desk) -> None:
    await desk.seed(0.004)
    await happens(desk, MIDNIGHT, EventKind.ENROLLED)
    await happens(desk, MIDNIGHT, EventKind.ONLINE)
    clock = Clock(MIDNIGHT + timedelta(hours=1))
    rollup = Rollup(desk.sessions, clock)
    for minutes in (0, 1, 2, 32, 33):
        clock.now = MIDNIGHT + timedelta(hours=1, minutes=minutes)
        await rollup.alive()
    async with desk.sessions() as session:
        gaps = [(gap.since, gap.until) for gap in await session.scalars(select(DeskGap))]
    assert gaps == [(MIDNIGHT + timedelta(minutes=62), MIDNIGHT + timedelta(minutes=92))]
    await rolled(desk.sessions, MIDNIGHT + timedelta(hours=2))
    today = await day(desk, "2026-03-02")
    assert (today.serving_s, today.unknown_s) == (5400, 1800)


async def test_a_crash_in_the_middle_makes_the_day_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await desk.seed(0.004)
    await happens(desk, MIDNIGHT, EventKind.ENROLLED)
    await happens(desk, MIDNIGHT, EventKind.ONLINE)
    await rolled(desk.sessions, MIDNIGHT + timedelta(hours=1))

    async def crash(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("backend.reports.rollup.sum_counties", crash)
        with pytest.raises(RuntimeError):
            await rolled(desk.sessions, MIDNIGHT + timedelta(hours=25))
    await rolled(desk.sessions, MIDNIGHT + timedelta(hours=25))
    assert (await day(desk, "2026-03-02")).serving_s == 86400
    async with desk.sessions() as session:
        assert (await session.get_one(RegionDay, (REGION, "2026-03-02"))).serving_s == 86400


async def says(desk: Desk, at: datetime, **counters: int) -> None:
    async with writing(desk.sessions) as session:
        pulse = await session.get_one(KioskPulse, KIOSK)
        pulse.seen_at, pulse.counters = at, json.dumps(counters)
        await session.commit()


async def test_use_is_what_the_life_counters_grow(desk: Desk) -> None:
    await desk.seed(0.004)
    at = MIDNIGHT + timedelta(hours=1)
    for hours, sessions in ((0, 5000), (1, 5003), (2, 5003), (3, 5010), (4, 2), (30, 5)):
        await says(desk, at + timedelta(hours=hours), sessions=sessions, prints=sessions)
        await rolled(desk.sessions, at + timedelta(hours=hours, minutes=1))
    async with desk.sessions() as session:
        rows = {row.day: row.sessions for row in await session.scalars(select(UsageDay))}
    assert rows == {"2026-03-02": 3 + 7 + 2, "2026-03-03": 3}  # the first 5,000 are of before


async def test_yesterday_s_counts_stay(desk: Desk) -> None:
    made = await desk.seed(0.004)
    await rolled(desk.sessions, MIDNIGHT - timedelta(minutes=1))
    async with writing(desk.sessions) as session:
        (await session.get_one(KioskState, KIOSK)).health = "ok"
        await session.commit()
    await rolled(desk.sessions, MIDNIGHT + timedelta(minutes=1))
    async with desk.sessions() as session:
        rows = await session.execute(
            select(HealthDay.day, HealthDay.health, func.sum(HealthDay.kiosks)).group_by(
                HealthDay.day, HealthDay.health
            )
        )
        assert {(day, health): int(count) for day, health, count in rows} == {
            ("2026-03-01", "planned"): made,
            ("2026-03-02", "planned"): made - 1,
            ("2026-03-02", "ok"): 1,
        }


async def test_a_report_drills_down_from_the_province_to_the_site(desk: Desk) -> None:
    await desk.seed(0.004)
    await happens(desk, MIDNIGHT, EventKind.ENROLLED)
    await happens(desk, MIDNIGHT, EventKind.ONLINE)
    await happens(desk, MIDNIGHT + timedelta(hours=18), EventKind.OFFLINE, "error")
    async with writing(desk.sessions) as session:
        for number, level in enumerate((5, 4, 1)):
            at = MIDNIGHT + timedelta(hours=number)
            rating = RatingRow(rating_id=f"r{number}", kiosk_id=KIOSK, service_id="s", level=level)
            rating.rated_at = rating.received_at = at
            session.add(rating)
        await session.commit()
    await rolled(desk.sessions, MIDNIGHT + timedelta(hours=1))
    await rolled(desk.sessions, MIDNIGHT + timedelta(hours=25))
    for region in ("990000000000", CITY, REGION):
        reply = (await desk.get(f"/api/staff/v1/reports/month?region={region}&month=2026-03")).json()
        # A day and an hour: 18 hours of 25 open.
        assert reply["total"]["open_share"] == pytest.approx(18 / 25)
        assert (reply["total"]["rated"], reply["total"]["content_share"]) == (3, pytest.approx(2 / 3))
        worst = reply["below"][0]
        assert worst["open_share"] == pytest.approx(18 / 25), region
        page = await desk.get(f"/console/reports?region={region}&month=2026-03", ADMIN)
        assert "72.00%" in page.text
    csv = (await desk.get("/console/reports.csv?month=2026-03")).content.decode("utf-8-sig")
    line = next(line for line in csv.splitlines() if KIOSK in line)
    assert ",24,72.0,64800," in line
    assert "–" in (await desk.get("/console/reports?month=2020-01")).text
