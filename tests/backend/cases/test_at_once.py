"""Many kiosks at the same moment: one case an intent, numbers without gaps, nothing counted twice."""

from __future__ import annotations

import asyncio

import httpx

from backend.cases.models import CaseHandover, ServiceCase
from tests.backend.cases.test_open import count
from tests.backend.cases.world import application, opened, prove, simple
from tests.backend.house import House


async def test_the_same_intent_many_times_at_once(house: House) -> None:
    request = await application(house)
    answers = await asyncio.gather(*(opened(house, request) for _ in range(8)))
    assert len({answer["case_no"] for answer in answers}) == 1
    assert len({answer["check_code"] for answer in answers}) == 1
    assert await count(house, ServiceCase) == 1
    assert await count(house, CaseHandover) == 1


async def test_numbers_at_once_have_no_gap(house: House) -> None:
    proofs = [await prove(house) for _ in range(6)]
    requests = [await simple(house, "instant", f"intent-10{n}", proof_id=proof) for n, proof in enumerate(proofs)]
    answers = await asyncio.gather(*(opened(house, request) for request in requests))
    assert sorted(answer["case_no"][-4:] for answer in answers) == [f"{n:04d}" for n in range(1, 7)]


async def test_one_scan_for_one_case(house: House) -> None:
    first = await application(house, "intent-0001")
    second = await application(house, "intent-0002", materials=first["materials"])
    answers: list[httpx.Response] = await asyncio.gather(
        *(house.call("POST", "/cases", request) for request in (first, second))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 422]
    assert await count(house, ServiceCase) == 1


async def test_guesses_share_no_try(house: House) -> None:
    receipt = await opened(house, await application(house))
    answers = await asyncio.gather(
        *(
            house.call("POST", "/cases/status", {"case_no": receipt["case_no"], "check_code": f"AAAAA{letter}"})
            for letter in "ACDEFGHJKMNP"
        )
    )
    assert sum(answer.status_code == 404 for answer in answers) <= 5
