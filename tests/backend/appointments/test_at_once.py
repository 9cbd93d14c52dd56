"""Many want the same time at the same moment."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.backend.appointments.test_booking import CARD, OTHER, Counter, offered, slot, wanted
from tests.backend.hall import Hall


async def test_no_more_bookings_than_places(hall: Hall) -> None:
    """A department that does not look twice: it books whatever it is asked to."""
    offered(hall)
    asked: list[str] = []

    def book(params: dict[str, Any]) -> dict[str, Any]:
        asked.append(params["request_no"])
        return {"result": "ok", "booking_no": f"YY{len(asked)}"}

    hall.departments.answers |= {"hall.slots": {"result": "ok", "slots": [slot(left=1)]}, "hall.book": book}
    people = [CARD, OTHER, {"name": "陈示例", "number": "519999194912310181"}]
    answers = await asyncio.gather(
        *(hall.post("/appointments", wanted(f"intent-000{place}", **who)) for place, who in enumerate(people))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"slot-taken"}
    assert len(asked) == 1


async def test_the_same_intent_at_once_is_one_booking(hall: Hall) -> None:
    counter = offered(hall, Counter(**{"s-0900": 5}))
    answers = await asyncio.gather(*(hall.told("/appointments", wanted()) for _ in range(4)))
    assert {answer["booking_no"] for answer in answers} == {"YY0001"}
    assert counter.places == {"s-0900": 4}


async def test_one_person_at_two_kiosks_has_one_booking(hall: Hall) -> None:
    counter = offered(hall, Counter(**{"s-0900": 5}))
    await asyncio.gather(
        *(hall.post("/appointments", wanted(f"intent-000{place}"), f"kiosk-{place % 2 + 1}") for place in range(4))
    )
    assert counter.places == {"s-0900": 4}
