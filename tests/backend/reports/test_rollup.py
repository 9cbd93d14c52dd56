"""The job that makes days: across days, twice, after an outage, and what the reports say of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from backend.alerts.pieces import NotOurs
from backend.db.engine import Sessions, writing
from backend.feedback.models import RatingRow
from backend.fleet.events import EventKind, Severity, event
from backend.fleet.models import KioskPulse, KioskState
from backend.fleet.silence import listening
from backend.operations.jobs import JobLease, Lease
from backend.reports.models import DeskGap, HealthDay, KioskDay, RegionDay, UsageDay
from backend.reports.rollup import Rollup
from tests.backend.desk import ADMIN, CITY, Desk

MIDNIGHT = datetime(2026, 3, 1, 16, 0, tzinfo=UTC)  # of Shanghai: 2 March begins
KIOSK = "K-990101000000"
REGION = "990101000000"
HOUR = timedelta(hours=1)


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
    first = MIDNIGHT + timedelta(hours=1)
    for seconds in (0, 5, 10, 30 * 60 + 10, 30 * 60 + 15):
        await listening(desk.sessions, first + timedelta(seconds=seconds))
    async with desk.sessions() as session:
        gaps = [(gap.since, gap.until) for gap in await session.scalars(select(DeskGap))]
    assert gaps == [(first + timedelta(seconds=10), first + timedelta(seconds=30 * 60 + 10))]
    last = first + timedelta(seconds=30 * 60 + 15)
    await rolled(desk.sessions, last)
    today = await day(desk, "2026-03-02")
    assert (today.serving_s, today.unknown_s) == (3600 + 15, 1800)
    # The worker goes on while nobody hears the kiosks: that is not serving, over midnight neither.
    await rolled(desk.sessions, last + timedelta(hours=1))
    assert (await day(desk, "2026-03-02")).unknown_s == 1800 + 3600
    await rolled(desk.sessions, MIDNIGHT + timedelta(hours=25))
    today, following = await day(desk, "2026-03-02"), await day(desk, "2026-03-03")
    assert (today.serving_s, today.unknown_s, today.complete) == (3600 + 15, 86400 - 3600 - 15, True)
    assert (following.serving_s, following.unknown_s) == (0, 3600)
    await listening(desk.sessions, MIDNIGHT + timedelta(hours=25))
    await listening(desk.sessions, MIDNIGHT + timedelta(hours=25, seconds=5))
    await rolled(desk.sessions, MIDNIGHT + timedelta(hours=25, seconds=5))
    assert (await day(desk, "2026-03-03")).unknown_s == 3600


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


async def test_what_is_committed_after_midnight_is_not_lost(desk: Desk) -> None:
    await desk.seed(0.004)
    await happens(desk, MIDNIGHT, EventKind.ENROLLED)
    await happens(desk, MIDNIGHT, EventKind.ONLINE)
    following = MIDNIGHT + timedelta(days=1)
    await rolled(desk.sessions, MIDNIGHT + HOUR)
    await rolled(desk.sessions, following + timedelta(seconds=2))
    assert not (await day(desk, "2026-03-02")).complete
    await happens(desk, following - timedelta(seconds=2), EventKind.OFFLINE, "error")  # it took some seconds
    await rolled(desk.sessions, following + timedelta(hours=23))
    assert (await day(desk, "2026-03-02")).offline_s == 2
    assert (await day(desk, "2026-03-03")).offline_s == 23 * 3600


async def test_on_the_first_day_a_kiosk_of_old_is_counted(desk: Desk) -> None:
    await desk.seed(0.004)
    async with writing(desk.sessions) as session:
        state = await session.get_one(KioskState, KIOSK)
        state.health, state.online, state.in_service, state.changed_at = "ok", True, True, MIDNIGHT + HOUR
        await session.commit()
    await happens(desk, MIDNIGHT + HOUR, EventKind.DEVICE, "warning", device="receipt_printer")
    await rolled(desk.sessions, MIDNIGHT + 2 * HOUR)
    assert (await day(desk, "2026-03-02")).serving_s == 7200


async def test_one_kiosk_with_many_failing_devices_stops_nobody_s_day(desk: Desk) -> None:
    await desk.seed(0.004)
    await happens(desk, MIDNIGHT, EventKind.ENROLLED)
    await happens(desk, MIDNIGHT, EventKind.ONLINE)
    for number in range(20):
        await happens(desk, MIDNIGHT + HOUR, EventKind.DEVICE, "error", device=f"{number:02d}" + "名" * 38)
    await rolled(desk.sessions, MIDNIGHT + 2 * HOUR)
    assert (await day(desk, "2026-03-02")).faulty_s == 3600


async def test_who_has_lost_the_lease_writes_nothing(desk: Desk) -> None:
    await desk.seed(0.004)
    async with writing(desk.sessions) as session:
        session.add(JobLease(name="reports-test", holder="another", fence=8))
        await session.commit()
    with pytest.raises(NotOurs):
        await Rollup(desk.sessions, Clock(MIDNIGHT + HOUR)).run(Lease("reports-test", "we", 7))
    async with desk.sessions() as session:
        assert list(await session.scalars(select(HealthDay).where(HealthDay.day < "2026-04"))) == []


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
