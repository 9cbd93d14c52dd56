"""An alert's life: raised once, cleared once, through flapping, restarts and re-enrolment."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, update

from backend.alerts.models import Alert
from backend.contract.fleet_api import IdentityState
from backend.db.engine import writing
from backend.fleet.events import EventKind, event
from backend.fleet.models import Kiosk, KioskEvent, KioskPulse
from tests.backend.alerts.fleet import Fleet


async def test_silence_is_told_once_and_its_end_once(fleet: Fleet) -> None:
    kiosk = fleet.kiosks[40]
    heard = fleet.now
    fleet.now += timedelta(seconds=135)  # the desk has noticed
    await fleet.silence([kiosk])
    await fleet.wait(20, step=5)
    (message,) = [one for one in await fleet.messages() if one.facts["rule"] == "offline"]
    assert message.created_at <= heard + timedelta(seconds=170)
    assert message.facts["kiosk_id"] == kiosk
    assert kiosk in message.text
    assert "11-02 10:00" in message.text  # since it was heard last, in China's time
    await fleet.wait(600)
    await fleet.back([kiosk])
    await fleet.wait(300)
    assert await fleet.told("offline") == ["alert", "clear"]
    (alert,) = await fleet.alerts(rule="offline")
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


async def test_flapping_is_one_alert_with_a_count(fleet: Fleet) -> None:
    kiosk = fleet.kiosks[3]
    await fleet.silence([kiosk])
    await fleet.wait(60)
    for _ in range(5):
        await fleet.back([kiosk])
        await fleet.wait(30)  # less than it must be well
        await fleet.silence([kiosk])
        await fleet.wait(30)
    assert await fleet.told("offline") == ["alert"]
    (alert,) = await fleet.alerts(rule="offline")
    assert alert.repetitions == 5
    await fleet.back([kiosk])
    await fleet.wait(120)
    assert await fleet.told("offline") == ["alert", "clear"]


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


async def test_missed_events_are_made_up_for(fleet: Fleet) -> None:
    await fleet.wait(5)
    await fleet.silence(fleet.kiosks[:1], events=False)
    await fleet.wait(60)
    assert await fleet.told("offline") == []
    await fleet.wait(300)
    assert await fleet.told("offline") == ["alert"]
    await fleet.back(fleet.kiosks[:1], events=False)
    fleet.restart()
    await fleet.wait(120)
    assert await fleet.told("offline") == ["alert", "clear"]


async def test_an_event_that_became_visible_late_is_seen(fleet: Fleet) -> None:
    """On PostgreSQL a smaller number can be committed after a larger one."""
    first, second = fleet.kiosks[:2]
    await fleet.wait(5)
    await fleet.silence([first])
    await fleet.silence([second])
    async with writing(fleet.sessions) as session:  # as if the first were not committed yet
        gone = delete(KioskEvent).where(KioskEvent.kiosk_id == first).returning(KioskEvent.id)
        number = (await session.execute(gone)).scalar_one()
        await session.commit()
    await fleet.engine.round()
    async with writing(fleet.sessions) as session:
        late = event(first, first[2:], EventKind.OFFLINE, fleet.now)
        late.id = number
        session.add(late)
        await session.commit()
    await fleet.wait(25)
    assert await fleet.told("offline") == ["alert", "alert"]


async def test_measurements_need_no_event(fleet: Fleet) -> None:
    stuck, wrong, full, hot = fleet.kiosks[:4]
    await fleet.wait(5)
    await fleet.measure(stuck, interface_age_s=500)
    await fleet.measure(wrong, sent_at=fleet.now - timedelta(seconds=400))
    await fleet.measure(full, disk_free_mb=100, disk_wear_pct=95)
    await fleet.measure(hot, temperature_dc=801)
    await fleet.wait(480)
    for rule in ("stuck-screen", "clock-skew", "storage-low", "disk-wear", "temperature"):
        assert await fleet.told(rule) == ["alert"], rule
    await fleet.measure(stuck, interface_age_s=0)
    await fleet.measure(hot, temperature_dc=400)
    await fleet.wait(800)
    assert await fleet.told("stuck-screen") == ["alert", "clear"]
    assert await fleet.told("temperature") == ["alert", "clear"]
    assert await fleet.told("clock-skew") == ["alert"]


async def test_a_certificate_s_end_is_told_three_times(fleet: Fleet) -> None:
    async with writing(fleet.sessions) as session:
        await session.execute(
            update(Kiosk)
            .where(Kiosk.kiosk_id == fleet.kiosks[0])
            .values(certificate_until=fleet.now + timedelta(days=20))
        )
        await session.commit()
    said = []
    for _ in range(21):
        await fleet.wait(600, step=600)
        said.append(len(await fleet.alerts(rule="certificate")))
        fleet.now += timedelta(days=1) - timedelta(seconds=600)
    assert said[5] == 0
    assert said[7] == 1
    assert said[14] == 2
    assert said[20] == 3


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


async def test_nothing_new_writes_nothing(fleet: Fleet) -> None:
    await fleet.silence(fleet.kiosks[:2])
    await fleet.wait(60)
    before = [(one.alert_id, one.state, one.due_at) for one in await fleet.alerts()]
    fleet.restart()
    await fleet.engine.sweep()
    await fleet.engine.sweep()
    assert [(one.alert_id, one.state, one.due_at) for one in await fleet.alerts()] == before
    async with fleet.sessions() as session:
        assert await session.get(KioskPulse, fleet.kiosks[0]) is not None
