"""Ratings come once, however often they are sent."""

from __future__ import annotations

import asyncio

from sqlalchemy import select

from backend.feedback.models import RatingRow
from tests.backend.house import House

RATING = {"rating_id": "rating-00001", "service_id": "water-bill", "level": 5, "rated_at": "2026-11-22T10:00:00+08:00"}


async def test_once(house: House) -> None:
    for _ in range(2):
        response = await house.call("POST", "/ratings", RATING)
        assert (response.status_code, response.content) == (204, b"")
    async with house.backend.state.sessions() as session:
        rows = list(await session.scalars(select(RatingRow)))
    assert [(row.level, row.rated_at.isoformat()) for row in rows] == [(5, "2026-11-22T02:00:00+00:00")]


async def test_conflict(house: House) -> None:
    await house.call("POST", "/ratings", RATING)
    response = await house.call("POST", "/ratings", {**RATING, "level": 1})
    assert (response.status_code, response.json()["code"]) == (409, "intent-conflict")


async def test_levels_are_one_to_five(house: House) -> None:
    for level in (0, 6):
        assert (await house.call("POST", "/ratings", {**RATING, "level": level})).status_code == 422


async def test_a_time_without_a_zone_is_no_time(house: House) -> None:
    response = await house.call("POST", "/ratings", {**RATING, "rated_at": "2026-11-22T10:00:00"})
    assert response.status_code == 422


async def test_twice_at_once(house: House) -> None:
    """The key decides who was first: asking before writing would not help on a database with many writers."""
    answers = await asyncio.gather(*(house.call("POST", "/ratings", RATING) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [204] * 4
