"""Who is told: rosters, substitutes, nights, quiet hours, nobody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from backend.alerts.config import RuleConfig
from backend.alerts.duty.models import DutyPerson, DutyShift
from backend.alerts.duty.roster import covers, on_duty
from backend.alerts.models import AlertMessage, AlertRuleSetting, MessageState
from backend.alerts.prune import Pruner
from backend.alerts.routing import quiet_until
from backend.alerts.settings import AlertsSettings
from backend.alerts.work.models import WorkOrder
from backend.db.engine import Sessions, writing
from backend.fleet.models import KioskEvent, KioskState
from backend.regions.division import Level, ancestor
from backend.regions.synthetic import PROVINCE
from tests.backend.alerts.fleet import START, Fleet

ALL_DAYS = 0b1111111


def china(text: str) -> datetime:
    return datetime.fromisoformat(text + "+08:00").astimezone(UTC)


def shift(**values: object) -> DutyShift:
    given = {"weekdays": ALL_DAYS, "start": 8 * 60, "end": 20 * 60, "first_day": None, "last_day": None, **values}
    return DutyShift(shift_id="s", region_code=PROVINCE, person_id="p", **given)


@pytest.mark.parametrize(
    ("values", "moment", "on"),
    [
        ({}, "2026-11-02T08:00", True),
        ({}, "2026-11-02T19:59", True),
        ({}, "2026-11-02T20:00", False),
        ({"weekdays": 0b1}, "2026-11-03T09:00", False),  # Mondays only
        ({"weekdays": 0b1, "start": 20 * 60, "end": 8 * 60}, "2026-11-03T07:59", True),  # Monday's night
        ({"weekdays": 0b1, "start": 20 * 60, "end": 8 * 60}, "2026-11-02T07:59", False),  # Sunday's
        ({"start": 0, "end": 0}, "2026-11-02T00:00", True),  # around the clock
        ({"first_day": datetime(2026, 11, 3).date()}, "2026-11-02T09:00", False),  # noqa: DTZ001
        ({"last_day": datetime(2026, 11, 2).date()}, "2026-11-02T09:00", True),  # noqa: DTZ001
    ],
)
def test_when_a_shift_runs(values: dict[str, object], moment: str, on: bool) -> None:
    assert covers(shift(**values), china(moment)) is on


async def add(sessions: Sessions, name: str, region: str, **values: object) -> None:
    async with writing(sessions) as session:
        session.add(
            DutyPerson(person_id=name, region_code=region, name=name, email=f"{name}@example.org", language="zh")
        )
        await session.flush()
        given = {"weekdays": ALL_DAYS, "start": 0, "end": 0, **values}
        session.add(DutyShift(shift_id=f"s-{name}", region_code=region, person_id=name, **given))
        await session.commit()


async def test_the_nearest_region_upward_that_has_somebody(both_fleets: Fleet) -> None:
    village = max(both_fleets.kiosks)[2:]
    county, city = ancestor(village, Level.COUNTY), ancestor(village, Level.CITY)
    await add(both_fleets.sessions, "province", PROVINCE)
    await add(both_fleets.sessions, "city", city)
    await add(both_fleets.sessions, "county", county, start=8 * 60, end=9 * 60)
    async with both_fleets.sessions() as session:
        for moment, who in ((china("2026-11-02T08:30"), "county"), (china("2026-11-02T10:00"), "city")):
            found = await on_duty(session, village, moment)
            assert found is not None
            assert [person.name for person in found.people] == [who]


async def test_a_substitute_stands_in_for_a_while(sessions: Sessions) -> None:
    await add(sessions, "li", PROVINCE, weekdays=0)
    await add(
        sessions,
        "zhang",
        PROVINCE,
        substitute_id="li",
        substitute_from=START,
        substitute_until=START + timedelta(hours=1),
    )
    async with sessions() as session:
        for hours, who in ((-1, "zhang"), (0, "li"), (1, "zhang")):
            found = await on_duty(session, PROVINCE, START + timedelta(hours=hours))
            assert found is not None
            assert [person.name for person in found.people] == [who]


async def test_nobody_on_duty_is_a_trouble_of_its_own(fleet: Fleet) -> None:
    await fleet.silence(fleet.kiosks[:2])
    await fleet.wait(30)
    messages = await fleet.messages()
    assert {one.address for one in messages} == {"desk@example.org"}
    assert [one.facts["rule"] for one in messages].count("duty-empty") == 1


async def test_the_all_clear_goes_to_those_who_were_told(both_fleets: Fleet) -> None:
    await add(both_fleets.sessions, "zhang", PROVINCE, end=11 * 60)  # until 11:00
    await both_fleets.silence(both_fleets.kiosks[:1])
    await both_fleets.wait(30)
    both_fleets.now = china("2026-11-02T12:00")  # somebody else's hour by now
    await both_fleets.back(both_fleets.kiosks[:1])
    await both_fleets.wait(120)
    sent = [(one.kind, one.address) for one in await both_fleets.messages() if one.facts["rule"] == "offline"]
    assert sent[0] == ("alert", "zhang@example.org")
    assert next(one for one in sent if one[0] == "clear") == ("clear", "zhang@example.org")


async def test_escalation_goes_to_the_region_above(fleet: Fleet) -> None:
    kiosk = max(fleet.kiosks)
    await add(fleet.sessions, "city", ancestor(kiosk[2:], Level.CITY))
    await add(fleet.sessions, "province", PROVINCE)
    await fleet.silence([kiosk])
    await fleet.wait(30)
    await fleet.wait(3600, step=900)
    assert [(one.kind, one.person) for one in await fleet.messages()] == [("alert", "city"), ("escalation", "province")]


@pytest.mark.parametrize(
    ("severity", "moment", "until"),
    [
        ("warning", "2026-11-02T23:00", "2026-11-03T07:00"),
        ("warning", "2026-11-03T06:59", "2026-11-03T07:00"),
        ("warning", "2026-11-03T07:00", None),
        ("error", "2026-11-02T23:00", None),
    ],
)
def test_quiet_hours(severity: str, moment: str, until: str | None) -> None:
    assert quiet_until(AlertsSettings(), severity, china(moment)) == (china(until) if until else None)


async def test_what_is_over_by_the_morning_wakes_nobody(both_fleets: Fleet) -> None:
    both_fleets.now = china("2026-11-02T23:00")
    kiosk = both_fleets.kiosks[0]
    await both_fleets.trouble(kiosk, "receipt_printer.paper.low", severity="warning")
    await both_fleets.wait(900, step=60)
    assert await both_fleets.told("supply-low") == ["alert"]
    await both_fleets.trouble(kiosk)
    await both_fleets.wait(600, step=60)
    assert await both_fleets.told("supply-low") == []  # both dropped
    (alert,) = await both_fleets.alerts(rule="supply-low")
    assert alert.state == "cleared"


async def test_somebody_at_work_on_it_is_not_told(both_fleets: Fleet) -> None:
    kiosk = both_fleets.kiosks[0]
    async with writing(both_fleets.sessions) as session:
        session.add(
            WorkOrder(
                order_id="w1",
                kiosk_id=kiosk,
                region_code=kiosk[2:],
                kind="visit",
                task="t",
                state="on-site",
                created_by="x",
                created_at=both_fleets.now,
                changed_at=both_fleets.now,
                checks={},
            )
        )
        await session.commit()
    await both_fleets.silence([kiosk])
    await both_fleets.wait(120)
    assert await both_fleets.told("offline") == []
    (alert,) = await both_fleets.alerts(rule="offline")
    assert (alert.state, alert.suppressed) == ("open", "work-order")
    async with writing(both_fleets.sessions) as session:
        (await session.get_one(WorkOrder, "w1")).state = "closed"
        await session.commit()
    await both_fleets.wait(120)
    assert await both_fleets.told("offline") == ["alert"]


async def test_what_staff_have_closed_is_suppressed_for_a_day(fleet: Fleet) -> None:
    kiosk = fleet.kiosks[0]
    async with writing(fleet.sessions) as session:
        state = await session.get_one(KioskState, kiosk)
        state.in_service, state.report = False, {"out_of_service": "moved"}
        await session.commit()
    fleet.settings = AlertsSettings(fallback_email="desk@example.org")
    await fleet._set([kiosk], None, health="out-of-service", troubles=[{"code": "camera.offline"}], trouble="x")
    await fleet.engine.sweep()
    await fleet.wait(120)
    assert await fleet.told("device-fault") == []
    await fleet.wait(25 * 3600, step=9000)
    assert "alert" in await fleet.told("device-fault")


async def test_a_city_may_have_its_own_word_on_a_rule(fleet: Fleet) -> None:
    city, other = "9901" + "0" * 8, "9902" + "0" * 8
    async with writing(fleet.sessions) as session:
        said = {"set_by": "wang", "set_at": fleet.now}
        session.add(AlertRuleSetting(region_code=PROVINCE, rule="temperature", threshold=60, severity="error", **said))
        session.add(AlertRuleSetting(region_code=city, rule="temperature", threshold=50, **said))
        await session.commit()
        config = await RuleConfig.load(session)
    assert config.of("temperature", city).threshold == 50
    assert config.of("temperature", "990101001001").severity == "error"
    assert dict(config.of("temperature", "990101001001").said_by) == {"threshold": city, "severity": PROVINCE}
    assert config.of("temperature", other).threshold == 60
    assert config.of("offline", other).said_by == ()


async def test_with_nobody_to_tell_it_is_looked_for_somebody_again(both_fleets: Fleet) -> None:
    both_fleets.settings.fallback_email = ""
    await both_fleets.silence(both_fleets.kiosks[:1])
    await both_fleets.wait(300)
    assert await both_fleets.told() == []
    (alert,) = await both_fleets.alerts(rule="offline")
    assert (alert.state, alert.told) == ("open", False)
    async with both_fleets.sessions() as session:
        opened = select(func.count()).where(KioskEvent.kind == "alert", KioskEvent.kiosk_id == both_fleets.kiosks[0])
        assert await session.scalar(opened) == 1
    await add(both_fleets.sessions, "zhang", PROVINCE)
    await both_fleets.wait(75)
    assert [(one.kind, one.person) for one in await both_fleets.messages()] == [("alert", "zhang")]


async def test_a_wave_nobody_was_told_of_is_told_when_somebody_comes(province_fleet: Fleet) -> None:
    province_fleet.settings.fallback_email = ""
    await province_fleet.silence(province_fleet.kiosks)
    await province_fleet.wait(150)
    assert await province_fleet.told() == []
    await add(province_fleet.sessions, "zhang", PROVINCE)
    await province_fleet.wait(75)
    assert await province_fleet.told("offline") == ["alert"]


async def test_no_all_clear_of_what_never_arrived(fleet: Fleet) -> None:
    await fleet.silence(fleet.kiosks[:2])
    await fleet.wait(30)
    first, second = [one for one in await fleet.messages() if one.facts["rule"] == "offline"]
    async with writing(fleet.sessions) as session:
        for message, state in ((first, MessageState.GIVEN_UP), (second, MessageState.SENT)):
            (await session.get_one(AlertMessage, message.number)).state = state.value
        await session.commit()
    await fleet.back(fleet.kiosks[:2])
    await fleet.wait(120)
    cleared = [one for one in await fleet.messages(kind="clear") if one.facts["rule"] == "offline"]
    assert [one.alert_id for one in cleared] == [second.alert_id]


async def test_old_alerts_are_pruned_but_not_those_with_an_open_order(both_fleets: Fleet) -> None:
    await both_fleets.silence(both_fleets.kiosks[:3])
    await both_fleets.wait(30)
    await both_fleets.back(both_fleets.kiosks[:2])
    await both_fleets.wait(120)
    ended = [one for one in await both_fleets.alerts(rule="offline") if one.state == "cleared"]
    async with writing(both_fleets.sessions) as session:
        times = {"created_at": both_fleets.now, "changed_at": both_fleets.now}
        what = {"region_code": PROVINCE, "kind": "visit", "task": "t", "created_by": "x", "checks": {}}
        for number, (alert, state) in enumerate(zip(ended, ("closed", "new"), strict=True)):
            order = WorkOrder(
                order_id=f"w{number}", kiosk_id="k", alert_id=alert.alert_id, state=state, **what, **times
            )
            session.add(order)
        await session.commit()
    pruner = Pruner(both_fleets.sessions, both_fleets.settings, lambda: both_fleets.now)
    both_fleets.now += timedelta(days=both_fleets.settings.keep_days - 1)
    await pruner.run()
    assert len(await both_fleets.alerts(rule="offline")) == 3
    both_fleets.now += timedelta(days=2)
    await pruner.run()
    left = await both_fleets.alerts(rule="offline")
    assert {one.alert_id for one in left if one.state == "cleared"} == {ended[1].alert_id}
    assert len(left) == 2
    assert ended[0].alert_id not in {one.alert_id for one in await both_fleets.messages()}
