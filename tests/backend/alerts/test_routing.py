"""Who is told: rosters, substitutes, nights, quiet hours, nobody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from backend.alerts.config import RuleConfig
from backend.alerts.duty.models import DutyPerson, DutyShift
from backend.alerts.duty.roster import covers, on_duty
from backend.alerts.models import AlertRuleSetting
from backend.alerts.routing import quiet_until
from backend.alerts.settings import AlertsSettings
from backend.alerts.work.models import WorkOrder
from backend.db.engine import Sessions, writing
from backend.fleet.models import KioskState
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


async def test_the_nearest_region_upward_that_has_somebody(fleet: Fleet) -> None:
    village = max(fleet.kiosks)[2:]
    county, city = ancestor(village, Level.COUNTY), ancestor(village, Level.CITY)
    await add(fleet.sessions, "province", PROVINCE)
    await add(fleet.sessions, "city", city)
    await add(fleet.sessions, "county", county, start=8 * 60, end=9 * 60)
    async with fleet.sessions() as session:
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


async def test_the_all_clear_goes_to_those_who_were_told(fleet: Fleet) -> None:
    await add(fleet.sessions, "zhang", PROVINCE, end=11 * 60)  # until 11:00
    await fleet.silence(fleet.kiosks[:1])
    await fleet.wait(30)
    fleet.now = china("2026-11-02T12:00")  # somebody else's hour by now
    await fleet.back(fleet.kiosks[:1])
    await fleet.wait(120)
    sent = [(one.kind, one.address) for one in await fleet.messages() if one.facts["rule"] == "offline"]
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


async def test_what_is_over_by_the_morning_wakes_nobody(fleet: Fleet) -> None:
    fleet.now = china("2026-11-02T23:00")
    kiosk = fleet.kiosks[0]
    await fleet.trouble(kiosk, "receipt_printer.paper.low", severity="warning")
    await fleet.wait(900, step=60)
    assert await fleet.told("supply-low") == ["alert"]
    await fleet.trouble(kiosk)
    await fleet.wait(600, step=60)
    assert await fleet.told("supply-low") == []  # both dropped
    (alert,) = await fleet.alerts(rule="supply-low")
    assert alert.state == "cleared"


async def test_somebody_at_work_on_it_is_not_told(fleet: Fleet) -> None:
    kiosk = fleet.kiosks[0]
    async with writing(fleet.sessions) as session:
        session.add(
            WorkOrder(
                order_id="w1",
                kiosk_id=kiosk,
                region_code=kiosk[2:],
                kind="visit",
                task="t",
                state="on-site",
                created_by="x",
                created_at=fleet.now,
                changed_at=fleet.now,
                checks={},
            )
        )
        await session.commit()
    await fleet.silence([kiosk])
    await fleet.wait(120)
    assert await fleet.told("offline") == []
    (alert,) = await fleet.alerts(rule="offline")
    assert (alert.state, alert.suppressed) == ("open", "work-order")
    async with writing(fleet.sessions) as session:
        (await session.get_one(WorkOrder, "w1")).state = "closed"
        await session.commit()
    await fleet.wait(120)
    assert await fleet.told("offline") == ["alert"]


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
