"""呼叫工作人员 calls somebody: those on duty are told at once, once, and the call ends when one of them comes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update

from backend.alerts.acknowledge import acknowledge
from backend.alerts.desk_watch import DeskWatch
from backend.alerts.engine import Engine
from backend.alerts.messages import what
from backend.alerts.models import Alert, AlertMessage
from backend.alerts.settings import AlertsSettings
from backend.assistance.models import StaffCall
from backend.db.engine import writing
from backend.operations.jobs import Jobs
from backend.staff.roles import Grant, Role, Staff
from tests.backend.hall import Hall

CALLS = "/assistance/calls"


class Desk:
    """The rounds of the alerts, under a clock of their own."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self.now = datetime.now(UTC)
        settings = AlertsSettings(fallback_phone="13900000000")
        self.engine = Engine(hall.sessions, settings, "http://desk.invalid", clock=lambda: self.now)
        self.watch = DeskWatch(hall.sessions, Jobs(hall.sessions), clock=lambda: self.now)

    async def round(self, minutes: float = 0.1) -> None:
        self.now = max(self.now + timedelta(minutes=minutes), datetime.now(UTC))
        await self.watch.run()
        await self.engine.round()

    async def alerts(self) -> list[Alert]:
        async with self._hall.sessions() as session:
            return list(await session.scalars(select(Alert).where(Alert.rule == "staff-call").order_by(Alert.since)))

    async def told(self) -> list[str]:
        async with self._hall.sessions() as session:
            messages = list(await session.scalars(select(AlertMessage).order_by(AlertMessage.number)))
        return [message.kind for message in messages if message.facts["rule"] == "staff-call"]

    async def come(self) -> None:
        staff = Staff("helper", "王师傅", (Grant(Role.OPERATOR, "0" * 12),))
        async with writing(self._hall.sessions) as session:
            ids = list(await session.scalars(select(Alert.alert_id).where(Alert.rule == "staff-call")))
            await acknowledge(session, staff, ids, self.now)
            await session.commit()


def call(intent: str, reason: str = "button", **changes: object) -> dict[str, object]:
    return {"intent_id": intent, "reason": reason} | changes


async def test_somebody_is_told_and_the_call_ends_when_they_come(hall: Hall) -> None:
    desk = Desk(hall)
    receipt = await hall.told(CALLS, call("intent-0001", priority=True))
    assert receipt["wait_minutes"] is None
    await desk.round()
    (alert,) = await desk.alerts()
    assert (alert.state, alert.kiosk_id, alert.severity) == ("open", "kiosk-1", "error")
    assert what(alert, "zh") == "优先：居民在终端上按了呼叫键"
    assert what(alert, "en") == "priority: a resident touched the call button"
    assert await desk.told() == ["alert"]
    await desk.come()
    await desk.round()
    await desk.round()
    (alert,) = await desk.alerts()
    assert alert.state == "cleared"
    async with hall.sessions() as session:
        row = (await session.scalars(select(StaffCall))).one()
    assert row.call_no == receipt["call_no"]
    assert row.answered_at is not None
    assert row.ended_at is not None


async def test_pressed_again_and_again_is_one_call(hall: Hall) -> None:
    desk = Desk(hall)
    presses = [call(f"intent-{number:04d}") for number in range(4)]
    answers = await asyncio.gather(*(hall.told(CALLS, press) for press in [*presses, presses[0]]))
    assert len({answer["call_no"] for answer in answers}) == 1
    await desk.round()
    assert len(await desk.alerts()) == 1
    assert (await hall.told(CALLS, call("intent-0009"), "kiosk-2"))["call_no"] != answers[0]["call_no"]
    # A press that was answered to: its repeat is not a new call.
    await desk.come()
    assert (await hall.told(CALLS, presses[1]))["call_no"] == answers[0]["call_no"]


async def test_a_call_after_somebody_came_is_told_anew(hall: Hall) -> None:
    desk = Desk(hall)
    first = await hall.told(CALLS, call("intent-0001"))
    await desk.round()
    await desk.come()
    second = await hall.told(CALLS, call("intent-0002", "assistance"))
    assert second["call_no"] != first["call_no"]
    await desk.round()
    assert (await desk.told()).count("alert") == 2


async def test_a_call_nobody_answers_goes_up_and_ends(hall: Hall) -> None:
    desk = Desk(hall)
    await hall.told(CALLS, call("intent-0001"))
    await desk.round()
    await desk.round(15)
    assert "escalation" in await desk.told()
    await desk.round(20)
    await desk.round()
    (alert,) = await desk.alerts()
    assert alert.state == "cleared"
    async with hall.sessions() as session:
        row = (await session.scalars(select(StaffCall))).one()
    assert (row.answered_at, row.ended_at is None) == (None, False)


async def test_how_long_it_usually_takes(hall: Hall) -> None:
    for number in range(3):
        desk = Desk(hall)
        await hall.told(CALLS, call(f"intent-{number:04d}"))
        await desk.round()
        await desk.come()
        await desk.round()
    async with writing(hall.sessions) as session:
        await session.execute(update(StaffCall).values(answered_at=StaffCall.at))
        await session.commit()
    assert (await hall.told(CALLS, call("intent-0009")))["wait_minutes"] == 0


async def test_words_are_no_reason(hall: Hall) -> None:
    """Only keywords: a call goes out as a message to staff."""
    response = await hall.post(CALLS, call("intent-0001", "张示范要帮忙"))
    assert response.status_code == 422
