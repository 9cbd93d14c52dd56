"""A province's kiosks are told not to hold long polls; a small fleet's may."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest

from backend.contract.fleet_api import HeartbeatReply
from backend.db.engine import Sessions, writing
from backend.fleet.heartbeat.wiring import _count
from backend.fleet.models import Kiosk
from backend.fleet.seed import seed_province


@pytest.mark.parametrize(("up_to", "polls"), [(10, False), (100_000, True)])
async def test_by_the_number_of_enrolled_kiosks(sessions: Sessions, up_to: int, polls: bool) -> None:
    async with writing(sessions) as session:
        await seed_province(session, 0.001)
        await session.execute(Kiosk.__table__.update().values(identity="enrolled"))  # type: ignore[attr-defined]
        await session.commit()
    batches: Any = SimpleNamespace(polls=not polls)
    task = asyncio.create_task(_count(sessions, batches, up_to))
    for _ in range(200):
        if batches.polls is polls:
            break
        await asyncio.sleep(0.02)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert batches.polls is polls


def test_an_older_desk_says_nothing_and_allows_it() -> None:
    import msgspec

    reply = msgspec.json.decode(b'{"now": "2026-11-22T00:00:00Z", "interval_s": 60}', type=HeartbeatReply)
    assert reply.poll
