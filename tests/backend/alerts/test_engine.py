"""An alert's life: raised once, cleared once, through flapping, restarts and re-enrolment."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, update

from backend.alerts.models import Alert
from backend.contract.fleet_api import IdentityState
from backend.db.engine import writing
from backend.fleet.events import EventKind, event
from backend.fleet.models import Kiosk, KioskEvent, KioskPulse
from tests.backend.alerts.fleet import Fleet


async def test_silence_is_told_once_and_its_end_once(both_fleets: Fleet) -> None:
    kiosk = both_fleets.kiosks[40]
    heard = both_fleets.now
    both_fleets.now += timedelta(seconds=135)  # the desk has noticed
    await both_fleets.silence([kiosk])
    await both_fleets.wait(20, step=5)
    (message,) = [one for one in await both_fleets.messages() if one.facts["rule"] == "offline"]
    assert message.created_at <= heard + timedelta(seconds=170)
    assert message.facts["kiosk_id"] == kiosk
    assert kiosk in message.text
    assert "11-02 10:00" in message.text  # since it was heard last, in China's time
    await both_fleets.wait(600)
    await both_fleets.back([kiosk])
    await both_fleets.wait(300)
    assert await both_fleets.told("offline") == ["alert", "clear"]
    (alert,) = await both_fleets.alerts(rule="offline")
    assert alert.state == "cleared"
    assert alert.live is None


async def test_a_short_silence_is_nobody_s_business(fleet: Fleet) -> None:
    await fleet.silence(fleet.kiosks[:1])
    await fleet.wait(5)
    await fleet.back(fleet.kiosks[:1])
    await fleet.wait(600)
    assert await fleet.told() == []
    assert await fleet.alerts(rule="offline") == []


async def test_a_second_outage_is_a_second_alert(fleet: Fleet) -> None:
    kiosk = fleet.kiosks[3]
    for _ in range(2):
        await fleet.silence([kiosk])
        await fleet.wait(60)
        await fleet.back([kiosk])
        await fleet.wait(120)
    assert await fleet.told("offline") == ["alert", "clear"] * 2


async def test_flapping_is_one_alert_with_a_count(both_fleets: Fleet) -> None:
    kiosk = both_fleets.kiosks[3]
    await both_fleets.silence([kiosk])
    await both_fleets.wait(60)
    for _ in range(5):
        await both_fleets.back([kiosk])
        await both_fleets.wait(30)  # less than it must be well
        await both_fleets.silence([kiosk])
        await both_fleets.wait(30)
    assert await both_fleets.told("offline") == ["alert"]
    (alert,) = await both_fleets.alerts(rule="offline")
    assert alert.repetitions == 5
    await both_fleets.back([kiosk])
    await both_fleets.wait(120)
    assert await both_fleets.told("offline") == ["alert", "clear"]


async def test_a_jam_that_comes_and_goes_is_told_too(fleet: Fleet) -> None:
    kiosk = fleet.kiosks[3]
    for _ in range(3):
        await fleet.trouble(kiosk, "document_printer.paper.jammed")
        await fleet.wait(20)  # shorter than the hold-down
        await fleet.trouble(kiosk)
        await fleet.wait(20)
    assert await fleet.told() == []
    await fleet.trouble(kiosk, "document_printer.paper.jammed")
    await fleet.wait(10)
    assert await fleet.told("device-fault") == ["alert"]


async def test_troubles_of_one_kiosk_are_apart(fleet: Fleet) -> None:
    kiosk = fleet.kiosks[3]
    await fleet.trouble(kiosk, "document_printer.paper.jammed", "receipt_printer.paper.out")
    await fleet.wait(90)
    assert await fleet.told("device-fault") == ["alert"]
    assert await fleet.told("supply-out") == ["alert"]
    await fleet.trouble(kiosk, "document_printer.paper.jammed")
    await fleet.wait(120)
    assert await fleet.told("device-fault") == ["alert"]
    assert await fleet.told("supply-out") == ["alert", "clear"]


async def test_what_a_silent_kiosk_said_last_stays(fleet: Fleet) -> None:
    kiosk = fleet.kiosks[3]
    await fleet.trouble(kiosk, "document_printer.paper.jammed")
    await fleet.wait(90)
    await fleet.silence([kiosk])
    await fleet.wait(900)
    assert await fleet.told("device-fault") == ["alert"]
    (alert,) = await fleet.alerts(rule="device-fault")
    assert alert.state == "open"


async def test_missed_events_are_made_up_for(both_fleets: Fleet) -> None:
    await both_fleets.wait(5)
    await both_fleets.silence(both_fleets.kiosks[:1], events=False)
    await both_fleets.wait(60)
    assert await both_fleets.told("offline") == []
    await both_fleets.wait(300)
    assert await both_fleets.told("offline") == ["alert"]
    await both_fleets.back(both_fleets.kiosks[:1], events=False)
    both_fleets.restart()
    await both_fleets.wait(120)
    assert await both_fleets.told("offline") == ["alert", "clear"]


async def test_an_event_that_became_visible_late_is_seen(both_fleets: Fleet) -> None:
    """On PostgreSQL a smaller number can be committed after a larger one."""
    first, second = both_fleets.kiosks[:2]
    await both_fleets.wait(5)
    await both_fleets.silence([first])
    await both_fleets.silence([second])
    async with writing(both_fleets.sessions) as session:  # as if the first were not committed yet
        gone = delete(KioskEvent).where(KioskEvent.kiosk_id == first).returning(KioskEvent.id)
        number = (await session.execute(gone)).scalar_one()
        await session.commit()
    await both_fleets.engine.round()
    async with writing(both_fleets.sessions) as session:
        late = event(first, first[2:], EventKind.OFFLINE, both_fleets.now)
        late.id = number
        session.add(late)
        await session.commit()
    await both_fleets.wait(25)
    assert await both_fleets.told("offline") == ["alert", "alert"]


async def test_measurements_need_no_event(both_fleets: Fleet) -> None:
    stuck, wrong, full, hot = both_fleets.kiosks[:4]
    await both_fleets.wait(5)
    await both_fleets.measure(stuck, interface_age_s=500)
    await both_fleets.measure(wrong, sent_at=both_fleets.now - timedelta(seconds=400))
    await both_fleets.measure(full, disk_free_mb=100, disk_wear_pct=95)
    await both_fleets.measure(hot, temperature_dc=801)
    await both_fleets.wait(480)
    for rule in ("stuck-screen", "clock-skew", "storage-low", "disk-wear", "temperature"):
        assert await both_fleets.told(rule) == ["alert"], rule
    await both_fleets.measure(stuck, interface_age_s=0)
    await both_fleets.measure(hot, temperature_dc=400)
    await both_fleets.wait(800)
    assert await both_fleets.told("stuck-screen") == ["alert", "clear"]
    assert await both_fleets.told("temperature") == ["alert", "clear"]
    assert await both_fleets.told("clock-skew") == ["alert"]


async def test_a_certificate_s_end_is_told_at_each_step_and_never_as_over(fleet: Fleet) -> None:
    async with writing(fleet.sessions) as session:
        await session.execute(
            update(Kiosk)
            .where(Kiosk.kiosk_id == fleet.kiosks[0])
            .values(certificate_until=fleet.now + timedelta(days=20))
        )
        await session.commit()
    said = []
    for _ in range(22):
        await fleet.wait(600, step=600)
        said.append(len(await fleet.told("certificate")))
        fleet.now += timedelta(days=1) - timedelta(seconds=600)
    assert (said[5], said[6], said[7], said[12], said[13], said[18], said[19], said[20], said[21]) == (
        *(0, 1, 1, 1, 2, 2, 3, 4, 4),
    )
    assert await fleet.told("certificate") == ["alert", "again", "again", "again"]
    titles = [one.title for one in await fleet.messages() if one.facts["rule"] == "certificate"]
    assert [word in title for word, title in zip(("14", "7", "1", "过期"), titles, strict=True)] == [True] * 4
    async with writing(fleet.sessions) as session:
        renewed = fleet.now + timedelta(days=90)
        await session.execute(update(Kiosk).where(Kiosk.kiosk_id == fleet.kiosks[0]).values(certificate_until=renewed))
        await session.commit()
    await fleet.wait(600, step=600)
    assert (await fleet.told("certificate"))[-1] == "clear"
    assert len(await fleet.alerts(rule="certificate")) == 1


async def test_what_is_out_now_is_not_over_because_it_is_not_low(fleet: Fleet) -> None:
    kiosk = fleet.kiosks[3]
    await fleet.trouble(kiosk, "receipt_printer.paper.low", severity="warning")
    await fleet.wait(720, step=60)
    for state in ("out", "jammed", "out"):
        await fleet.trouble(kiosk, f"receipt_printer.paper.{state}")
        await fleet.wait(600, step=60)
    assert await fleet.told("supply-low") == ["alert"]
    assert await fleet.told("supply-out") == ["alert"]
    (low,) = await fleet.alerts(rule="supply-low")
    assert low.detail["state"] == "low"  # its words stay its own
    await fleet.trouble(kiosk)
    await fleet.wait(600, step=60)
    assert await fleet.told("supply-low") == await fleet.told("supply-out") == ["alert", "clear"]


async def test_what_runs_out_at_once_is_told_once(fleet: Fleet) -> None:
    kiosk = fleet.kiosks[3]
    await fleet.trouble(kiosk, "receipt_printer.paper.low", severity="warning")
    await fleet.wait(60)
    await fleet.trouble(kiosk, "receipt_printer.paper.out")
    await fleet.wait(900, step=60)
    assert await fleet.told("supply-low") == []
    assert await fleet.alerts(rule="supply-low") == []
    assert await fleet.told("supply-out") == ["alert"]


async def test_a_kiosk_with_strange_names_stops_nobody_s_alerts(both_fleets: Fleet) -> None:
    strange, silent = both_fleets.kiosks[:2]
    await both_fleets.trouble(strange, "d" * 80 + "." + "s" * 80 + ".out")
    await both_fleets.silence([silent])
    await both_fleets.wait(120)
    assert await both_fleets.told("offline") == ["alert"]
    assert await both_fleets.told("supply-out") == ["alert"]
    (alert,) = await both_fleets.alerts(rule="supply-out")
    assert len(alert.subject) <= 150
    await both_fleets.trouble(strange)
    await both_fleets.wait(120)
    assert await both_fleets.told("supply-out") == ["alert", "clear"]


async def test_a_kiosk_the_database_refuses_is_left_out(both_fleets: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever we did not think of: here a subject that does not fit. SQLite takes it."""
    bad, silent = both_fleets.kiosks[:2]
    monkeypatch.setattr("backend.alerts.observe._LONGEST_PART", 1000)
    await both_fleets.trouble(bad, "d" * 200 + ".offline")
    await both_fleets.silence([silent, *both_fleets.kiosks[2:4]])
    await both_fleets.wait(60)
    assert await both_fleets.told("offline") == ["alert"] * 3


async def test_a_copied_identity_is_told_and_enrolment_ends_it(fleet: Fleet) -> None:
    async def identity(state: IdentityState) -> None:
        async with writing(fleet.sessions) as session:
            await session.execute(update(Kiosk).where(Kiosk.kiosk_id == fleet.kiosks[0]).values(identity=state.value))
            await session.commit()

    await identity(IdentityState.QUARANTINED)
    await fleet.wait(10)
    assert await fleet.told("quarantined") == ["alert"]
    await identity(IdentityState.ENROLLED)
    await fleet.wait(310)
    assert await fleet.told("quarantined") == ["alert", "clear"]


async def test_a_retired_kiosk_has_no_troubles(fleet: Fleet) -> None:
    await fleet.silence(fleet.kiosks[:1])
    await fleet.wait(30)
    async with writing(fleet.sessions) as session:
        await session.execute(
            update(Kiosk).where(Kiosk.kiosk_id == fleet.kiosks[0]).values(identity=IdentityState.RETIRED.value)
        )
        await session.commit()
    await fleet.wait(400)
    assert await fleet.told("offline") == ["alert", "clear"]


async def test_it_is_said_again_and_to_those_above(fleet: Fleet) -> None:
    await fleet.silence(fleet.kiosks[:1])
    await fleet.wait(30)
    await fleet.wait(3600, step=600)
    assert await fleet.told("offline") == ["alert", "escalation"]
    await fleet.wait(12 * 3600, step=1800)
    assert await fleet.told("offline") == ["alert", "escalation", "again"]


async def test_what_is_acknowledged_does_not_escalate(fleet: Fleet) -> None:
    await fleet.silence(fleet.kiosks[:1])
    await fleet.wait(30)
    async with writing(fleet.sessions) as session:
        await session.execute(update(Alert).values(acknowledged_by="zhang", acknowledged_at=fleet.now))
        await session.commit()
    await fleet.wait(7200, step=600)
    assert await fleet.told("offline") == ["alert"]


async def test_nothing_new_writes_nothing(both_fleets: Fleet) -> None:
    await both_fleets.silence(both_fleets.kiosks[:2])
    await both_fleets.wait(60)
    before = [(one.alert_id, one.state, one.due_at) for one in await both_fleets.alerts()]
    both_fleets.restart()
    await both_fleets.engine.sweep()
    await both_fleets.engine.sweep()
    assert [(one.alert_id, one.state, one.due_at) for one in await both_fleets.alerts()] == before
    async with both_fleets.sessions() as session:
        assert await session.get(KioskPulse, both_fleets.kiosks[0]) is not None
