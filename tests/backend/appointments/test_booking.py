"""Offering times, booking them, and the rules of a hall."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from backend.appointments.models import AppointmentRow
from backend.appointments.service import AppointmentService
from backend.appointments.settings import AppointmentSettings
from backend.contract.service_api import Appointment, AppointmentRequest
from backend.db.engine import writing
from backend.problems import Refused
from backend.records.who import Doorkeeper
from tests.backend.hall import NAME, NUMBER, OTHER_NAME, OTHER_NUMBER, Hall, choice, make_service, text

CHINA = ZoneInfo("Asia/Shanghai")
TOMORROW = (datetime.now(CHINA) + timedelta(days=1)).date().isoformat()
PHONE = "13800000017"
CARD = {"name": NAME, "number": NUMBER}
OTHER = {"name": OTHER_NAME, "number": OTHER_NUMBER}


def slot(name: str = "s-0900", **changes: Any) -> dict[str, Any]:
    return {
        "slot": name,
        "day": TOMORROW,
        "from": "09:00",
        "to": "09:30",
        "left": 2,
        "place": "大厅 3 号窗口",
    } | changes


class Counter:
    """The department: so many places, and it knows a repetition by its number."""

    def __init__(self, **places: int) -> None:
        self.places = places
        self.booked: dict[str, str] = {}

    def slots(self, params: dict[str, Any]) -> dict[str, Any]:
        return {"result": "ok", "slots": [slot(name, left=left) for name, left in self.places.items()]}

    def book(self, params: dict[str, Any]) -> dict[str, Any]:
        known = self.booked.get(params["request_no"])
        if known is None:
            if not self.places.get(params["slot"]):
                return {"result": "full"}
            self.places[params["slot"]] -= 1
            known = self.booked[params["request_no"]] = f"YY{len(self.booked) + 1:04d}"
        return {"result": "ok", "booking_no": known}


def offered(hall: Hall, counter: Counter | None = None, **changes: Any) -> Counter:
    phone = {"kind": "phone", "name": "phone", "label": text("手机"), "required": False}
    plain: dict[str, Any] = {
        "auth": "A1",
        "operation": "hall.slots",
        "form": [choice("matter", social="社保", tax="办税"), phone],
    }
    hall.add(make_service("counter", "appointment", **(plain | changes)))
    counter = counter or Counter(**{"s-0900": 2, "s-1000": 1})
    hall.departments.answers |= {"hall.slots": counter.slots, "hall.book": counter.book}
    return counter


def wanted(intent: str = "intent-0001", slot_id: str = "s-0900", **changes: Any) -> dict[str, Any]:
    body = {"intent_id": intent, "service_id": "counter", "slot_id": slot_id, "form": {"matter": "social"}, **CARD}
    return body | changes


async def test_times_that_are_left(hall: Hall) -> None:
    offered(hall)
    now = datetime.now(CHINA)
    yesterday = (now - timedelta(days=1)).date().isoformat()
    places = {"place_zh": "办事大厅", "place_en": "Service hall"}
    hall.departments.answers["hall.slots"] = {
        "result": "ok",
        "slots": [
            slot("late", **{"from": "16:00", "to": "16:30"}),
            slot("full", left=0),
            slot("gone", day=yesterday),
            slot("early", place=None, **places),
        ],
    }
    reply = await hall.told("/appointments/slots", {"service_id": "counter", "form": {"matter": "tax"}})
    assert [(one["slot_id"], one["from_time"], one["place_en"]) for one in reply["slots"]] == [
        ("early", "09:00", "Service hall"),
        ("late", "16:00", "大厅 3 号窗口"),
    ]
    assert hall.departments.asked == [("hall.slots", {"matter": "tax", "day": now.date().isoformat()})]


@pytest.mark.parametrize(
    "answer",
    [
        {"result": "busy"},
        {"result": "ok"},
        {"result": "ok", "slots": [slot(day="soon")]},
        {"result": "ok", "slots": [slot(**{"from": "25:00"})]},
        {"result": "ok", "slots": [slot("a b")]},
        {"result": "ok", "slots": ["s"]},
    ],
)
async def test_times_that_make_no_sense(hall: Hall, answer: dict[str, Any]) -> None:
    offered(hall)
    hall.departments.answers["hall.slots"] = answer
    assert await hall.refused("/appointments/slots", {"service_id": "counter"}) == "department-down"


async def test_booked_with_nothing_in_the_clear(hall: Hall) -> None:
    offered(hall)
    body = wanted(phone=PHONE)
    with capture_logs() as logs:
        booking = await hall.told("/appointments", body)
    assert (booking["booking_no"], booking["slot"]["day"], booking["slot"]["left"]) == ("YY0001", TOMORROW, 1)
    operation, params = hall.departments.asked[-1]
    assert operation == "hall.book"
    assert {"slot": "s-0900", "phone": PHONE, "matter": "social", **CARD}.items() <= params.items()
    told = json.dumps(logs, default=str)
    data = b"".join(path.read_bytes() for path in hall.house.settings.var_dir.glob("menkou.sqlite3*"))
    for secret in (NAME, NUMBER, PHONE):
        assert secret not in told
        assert secret.encode() not in data
    assert await hall.told("/appointments", body) == booking
    assert len(hall.departments.asked) == 2  # the department was not asked again
    assert await hall.refused("/appointments", body | {"slot_id": "s-1000"}) == "intent-conflict"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"form": {}}, "form-invalid"),
        ({"form": {"matter": "fun"}}, "form-invalid"),
        ({"name": "", "number": ""}, "proof-expired"),
        ({"number": NUMBER[:-1] + "8"}, "id-invalid"),
        ({"slot_id": "s-2300"}, "slot-taken"),
        ({"service_id": "water-bill"}, "service-unknown"),
    ],
)
async def test_refusals(hall: Hall, change: dict[str, Any], code: str) -> None:
    offered(hall)
    assert await hall.refused("/appointments", wanted(**change)) == code
    assert not [name for name, _ in hall.departments.asked if name == "hall.book"]


async def test_the_last_place_is_given_once(hall: Hall) -> None:
    offered(hall)
    await hall.told("/appointments", wanted(slot_id="s-1000"))
    assert await hall.refused("/appointments", wanted("intent-0002", "s-1000", **OTHER)) == "slot-taken"


async def test_the_department_says_no_at_the_last_moment(hall: Hall) -> None:
    offered(hall)
    hall.departments.answers["hall.book"] = {"result": "full"}
    for _ in range(2):  # and to the repeat, without being asked again
        assert await hall.refused("/appointments", wanted()) == "slot-taken"
    assert [name for name, _ in hall.departments.asked].count("hall.book") == 1
    hall.departments.answers["hall.book"] = {"result": "refused"}
    assert await hall.refused("/appointments", wanted("intent-0002")) == "refused-by-department"


async def test_a_department_that_does_not_answer_is_asked_again(hall: Hall) -> None:
    counter = offered(hall)
    lost = [True]

    def book(params: dict[str, Any]) -> dict[str, Any]:
        answer = counter.book(params)
        return {"result": "?"} if lost[0] else answer

    hall.departments.answers["hall.book"] = book
    assert await hall.refused("/appointments", wanted()) == "department-down"
    lost[0] = False
    assert (await hall.told("/appointments", wanted()))["booking_no"] == "YY0001"
    assert counter.places["s-0900"] == 1  # one place, not two


async def test_given_up_and_tried_again_elsewhere_is_the_same_booking(hall: Hall) -> None:
    counter = offered(hall)
    hall.departments.answers["hall.book"] = {"result": "?"}
    assert await hall.refused("/appointments", wanted()) == "department-down"
    hall.departments.answers["hall.book"] = counter.book
    booking = await hall.told("/appointments", wanted("intent-0002"), "kiosk-2")
    assert booking["intent_id"] == "intent-0002"
    assert len({params["request_no"] for name, params in hall.departments.asked if name == "hall.book"}) == 1


async def test_one_open_booking_of_a_matter(hall: Hall) -> None:
    offered(hall, Counter(**{"s-0900": 9, "s-1000": 9}))
    await hall.told("/appointments", wanted())
    assert await hall.refused("/appointments", wanted("intent-0002", "s-1000")) == "booked-already"
    await hall.told("/appointments", wanted("intent-0003", "s-1000", form={"matter": "tax"}))
    await hall.told("/appointments", wanted("intent-0004", **OTHER))


class Rules:
    """The service under settings and a clock of its own."""

    def __init__(self, hall: Hall, **settings: Any) -> None:
        state = hall.house.backend.state
        self.now = datetime.now(UTC)
        self._hall = hall
        self.service = AppointmentService(
            hall.sessions,
            hall.departments,
            hall.offer,
            state.vault,
            Doorkeeper(state.vault, ""),
            AppointmentSettings(**settings),
            clock=lambda: self.now,
        )

    async def book(self, intent: str, slot_id: str = "s-0900") -> Appointment:
        return await self.service.book("kiosk-1", AppointmentRequest(**wanted(intent, slot_id)))

    async def was_on(self, intent: str, days_ago: int, arrived: bool = False) -> None:
        """That booking's day is over."""
        day = (self.now.astimezone(CHINA) - timedelta(days=days_ago)).date()
        async with writing(self._hall.sessions) as session:
            at = self.now if arrived else None
            await session.execute(
                update(AppointmentRow).where(AppointmentRow.intent_id == intent).values(day=day, arrived_at=at)
            )
            await session.commit()


async def test_who_misses_bookings_waits(hall: Hall) -> None:
    offered(hall, Counter(**{"s-0900": 99}))
    rules = Rules(hall, missed_most=2, missed_days=365, missed_pause_days=30)
    for intent, days_ago, arrived in (
        ("intent-0001", 40, False),
        ("intent-0002", 20, True),
        ("intent-0003", 10, False),
    ):
        await rules.book(intent)
        await rules.was_on(intent, days_ago, arrived)
    with pytest.raises(Refused, match="missed-bookings"):
        await rules.book("intent-0004")
    await rules.was_on("intent-0003", 30)  # the pause is over
    await rules.book("intent-0005")


async def test_no_such_rule_unless_it_is_set(hall: Hall) -> None:
    assert AppointmentSettings().missed_most == 0
    offered(hall, Counter(**{"s-0900": 99}))
    rules = Rules(hall)
    for number in range(5):
        await rules.book(f"intent-{number:04d}")
        await rules.was_on(f"intent-{number:04d}", 3)
    await rules.book("intent-0009")


async def test_phones_and_persons_are_forgotten(hall: Hall) -> None:
    offered(hall, Counter(**{"s-0900": 99}))
    rules = Rules(hall, keep_days=30)
    await hall.told("/appointments", wanted("intent-0001", phone=PHONE))
    await hall.told("/appointments", wanted("intent-0002", **OTHER, phone=PHONE))
    await rules.was_on("intent-0001", 1)
    await rules.was_on("intent-0002", 31)
    await rules.book("intent-0003")
    async with hall.sessions() as session:
        rows = {row.intent_id: row for row in await session.scalars(select(AppointmentRow))}
    assert [rows[f"intent-000{number}"].phone for number in (1, 2)] == [None, None]
    assert [bool(rows[f"intent-000{number}"].person_hash) for number in (1, 2, 3)] == [True, False, True]
