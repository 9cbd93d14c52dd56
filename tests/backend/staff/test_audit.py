"""The audit log shows every change made to it afterwards."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from backend.db.engine import Sessions, writing
from backend.staff.audit import record, verify_chain


async def _write(sessions: Sessions, number: int) -> None:
    async with writing(sessions) as session:
        await record(session, "u1", "test.deed", f"kiosk:{number}", datetime.now(UTC), detail={"n": number, "文": "字"})
        await session.commit()


async def test_entries_of_many_at_once_are_one_chain(sessions: Sessions) -> None:
    await asyncio.gather(*(_write(sessions, number) for number in range(12)))
    async with sessions() as session:
        assert await verify_chain(session) == (12, None)


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE audit_entry SET actor = 'somebody else' WHERE number = 2",
        "DELETE FROM audit_entry WHERE number = 2",
        "UPDATE audit_entry SET hash = 'x' WHERE number = 2",
        "UPDATE audit_entry SET at = '2020-01-01 00:00:00+00:00' WHERE number = 2",
    ],
)
async def test_tampering_is_found(sessions: Sessions, tampering: str) -> None:
    for number in range(4):
        await _write(sessions, number)
    async with sessions() as session:
        await session.execute(text(tampering))
        await session.commit()
        read, fault = await verify_chain(session)
    assert fault is not None
    assert (read, fault.number) == (1, 2)
