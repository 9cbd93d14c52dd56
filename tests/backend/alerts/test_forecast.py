"""The day paper runs out: a robust line, or an honest "not known"."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from backend.alerts.desk_watch import DeskWatch
from backend.alerts.supplies.forecast import DAY_S, Basis, Point, forecast
from backend.alerts.supplies.models import SupplyTrack
from backend.alerts.supplies.sampler import LAP, Sampler
from backend.db.engine import writing
from backend.fleet.models import KioskState
from backend.operations.jobs import Jobs
from backend.payments.models import PaymentRow
from tests.backend.alerts.fleet import START, Fleet

T0 = START.timestamp()


def falling(per_day: float, *, days: int = 6, first: int = 100) -> list[Point]:
    return [Point(T0 + i * DAY_S / 4, round(first - per_day * i / 4)) for i in range(days * 4)]


def days_left(points: list[Point]) -> float:
    answer = forecast(points)
    assert answer.runs_out_at is not None
    return (answer.runs_out_at.timestamp() - points[-1].at) / DAY_S


def test_a_straight_line() -> None:
    points = falling(10)
    assert forecast(points).basis is Basis.LEVEL
    assert abs(days_left(points) - 4.25) < 0.3


def test_one_wrong_reading_bends_nothing() -> None:
    points = falling(10)
    points[7] = Point(points[7].at, points[7].level - 8 if points[7].level else 0)
    points[-1] = Point(points[-1].at, 38)
    assert abs(days_left(points) - 4.25) < 0.5


def test_a_refill_begins_anew() -> None:
    old = falling(15)
    new = [Point(old[-1].at + (i + 1) * DAY_S / 4, 100 - 2 * i) for i in range(12)]
    assert abs(days_left([*old, *new]) - 78 / 8) < 0.6


def test_too_little_says_so() -> None:
    assert forecast([]).basis is Basis.NOT_ENOUGH
    assert forecast(falling(10)[:5]).basis is Basis.NOT_ENOUGH
    assert forecast(falling(10, days=2)[:7]).basis is Basis.NOT_ENOUGH  # less than two days
    assert forecast([Point(T0 + i * DAY_S, None, "full", i * 10) for i in range(20)]).basis is Basis.NOT_ENOUGH


def test_what_does_not_fall_does_not_run_out() -> None:
    assert forecast([Point(T0 + i * DAY_S / 4, 80) for i in range(30)]).basis is Basis.STEADY


def test_out_is_out() -> None:
    assert forecast([Point(T0, 0)]).basis is Basis.OUT
    assert forecast([Point(T0, None, "out")]).basis is Basis.OUT


def test_by_the_counter_where_no_level_is_measured() -> None:
    """400 sheets lay between refill and "low", twice; 100 a day; 150 since the last refill."""
    count, points = 0, []
    for i in range(40):
        count = i * 25
        since = count % 450
        points.append(Point(T0 + i * DAY_S / 4, None, "low" if since >= 400 else "full", count))
    answer = forecast(points)
    assert answer.basis is Basis.COUNTER
    assert 2.0 < days_left(points) < 3.7


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 100)), max_size=30))
def test_whatever_is_measured_it_answers(raw: list[tuple[int, int]]) -> None:
    points = [Point(T0 + at, level) for at, level in sorted(raw)]
    answer = forecast(points)
    if answer.runs_out_at is not None:
        assert answer.runs_out_at.timestamp() >= points[-1].at - 1


async def test_samples_are_taken_and_the_day_is_told(both_fleets: Fleet) -> None:
    kiosk = both_fleets.kiosks[0]
    sampler = Sampler(both_fleets.sessions, lambda: both_fleets.now)
    for step in range(14):
        report = {"devices": {"document_printer": {"supplies": {"toner": "full"}, "levels": {"toner": 60 - 4 * step}}}}
        async with writing(both_fleets.sessions) as session:
            await session.execute(update(KioskState).where(KioskState.kiosk_id == kiosk).values(report=report))
            await session.commit()
        await sampler.run()
        await sampler.run()  # not before six hours are over
        both_fleets.now += LAP
    async with both_fleets.sessions() as session:
        track = await session.get_one(SupplyTrack, (kiosk, "document_printer", "toner"))
    assert len(track.points) == 14
    assert track.basis == "level"
    watch = DeskWatch(both_fleets.sessions, Jobs(both_fleets.sessions), lambda: both_fleets.now)
    await watch.run()
    await watch.run()
    await both_fleets.wait(10)
    assert await both_fleets.told("supply-forecast") == ["alert"]


async def test_money_that_stands_still_is_told_without_anybody_s_name(both_fleets: Fleet) -> None:
    async with writing(both_fleets.sessions) as session:
        session.add(
            PaymentRow(
                intent_id="i1",
                kiosk_id=both_fleets.kiosks[0],
                service_id="water",
                bill_id="b1",
                department="water",
                bill_no="n1",
                channel="alipay",
                amount_fen=1234,
                out_trade_no="o1",
                receipt_no="r1",
                title_zh="水费",
                title_en="Water",
                account_masked="12****78",
                customer_masked="*某某",
                period_zh="",
                period_en="",
                state="paid",
                created_at=both_fleets.now,
                expires_at=both_fleets.now,
                paid_at=both_fleets.now,
                tries=0,
            )
        )
        await session.commit()
    watch = DeskWatch(both_fleets.sessions, Jobs(both_fleets.sessions), lambda: both_fleets.now)
    both_fleets.now += timedelta(minutes=20)
    await watch.run()
    await both_fleets.wait(5)
    assert await both_fleets.told("payment") == []
    both_fleets.now += timedelta(minutes=20)
    await watch.run()
    await both_fleets.wait(5)
    (message,) = [one for one in await both_fleets.messages() if one.facts["rule"] == "payment"]
    assert "12.34" in message.text
    assert "某" not in message.text
    async with writing(both_fleets.sessions) as session:
        await session.execute(update(PaymentRow).values(state="delivered", posted_at=datetime.now(UTC)))
        await session.commit()
    await watch.run()
    await both_fleets.wait(5)
    assert await both_fleets.told("payment") == ["alert", "clear"]


async def test_a_supply_with_a_strange_name_stops_nobody_s_forecast(both_fleets: Fleet) -> None:
    def report(name: str) -> dict[str, object]:
        return {"devices": {name: {"state": "online", "supplies": {"paper": "full"}}}}

    first, second = both_fleets.kiosks[:2]
    async with writing(both_fleets.sessions) as session:
        for kiosk, name in ((first, "d" * 41), (second, "receipt_printer")):
            await session.execute(update(KioskState).where(KioskState.kiosk_id == kiosk).values(report=report(name)))
        await session.commit()
    await Sampler(both_fleets.sessions, lambda: both_fleets.now).run()
    async with both_fleets.sessions() as session:
        assert await session.get(SupplyTrack, (second, "receipt_printer", "paper")) is not None
