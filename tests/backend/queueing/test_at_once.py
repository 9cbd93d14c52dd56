"""Two kiosks, two windows, one number each."""

from __future__ import annotations

import asyncio

from tests.backend.hall import Hall
from tests.backend.queueing.test_tickets import Day


async def test_no_number_twice(hall: Hall) -> None:
    Day(hall)
    bodies = [
        {"intent_id": f"intent-{number:04d}", "service_id": "queue-ticket", "matter": "social"} for number in range(12)
    ]
    kiosks = ["kiosk-1", "kiosk-2"]
    answers = await asyncio.gather(
        *(hall.told("/queue/tickets", body, kiosks[place % 2]) for place, body in enumerate(bodies))
    )
    assert sorted(answer["number"] for answer in answers) == [f"A{number:03d}" for number in range(1, 13)]


async def test_the_same_intent_at_once_is_one_ticket(hall: Hall) -> None:
    Day(hall)
    body = {"intent_id": "intent-0001", "service_id": "queue-ticket", "matter": "social"}
    answers = await asyncio.gather(*(hall.told("/queue/tickets", body) for _ in range(4)))
    assert {answer["number"] for answer in answers} == {"A001"}
    assert (await hall.told("/queue/tickets", body | {"intent_id": "intent-0002"}))["number"] == "A002"


async def test_two_windows_call_two_tickets(hall: Hall) -> None:
    day = Day(hall)
    for _ in range(5):
        await day.take()
    called = await asyncio.gather(*(day.call(window=str(window)) for window in range(7)))
    assert sorted(number for number in called if number) == [f"A{number:03d}" for number in range(1, 6)]
    assert called.count(None) == 2
