"""The desk of the tests stands on both databases."""

from __future__ import annotations

from tests.backend.desk import Desk


async def test_ready(desk: Desk) -> None:
    reply = await desk.get("/readyz", None)
    assert reply.json() == {"ready": True, "problems": []}
    assert await desk.seed() > 100
