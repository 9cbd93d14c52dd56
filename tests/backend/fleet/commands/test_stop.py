"""The server stops although somebody waits for orders: over real TLS."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from backend.db.engine import make_engine, make_sessions
from backend.fleet.commands.wait import WaitDoor, _Waiting
from tests.backend.fleet.identity.doors import open_house
from tests.backend.house import migrated_sqlite


async def test_a_long_poll_is_answered_when_the_server_stops(
    tmp_path: Path, pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the server would wait for it, and cut it off in the end."""
    doors: list[WaitDoor] = []
    made = WaitDoor.__init__

    def remembered(door: WaitDoor, *arguments: object) -> None:
        made(door, *arguments)  # type: ignore[arg-type]
        doors.append(door)

    monkeypatch.setattr(WaitDoor, "__init__", remembered)
    database = f"sqlite+aiosqlite:///{tmp_path / 'menkou.sqlite3'}"
    shutil.copy(migrated_sqlite(), tmp_path / "menkou.sqlite3")
    engine = make_engine(database)
    async with AsyncExitStack() as outer:
        async with open_house(tmp_path, database, pack, make_sessions(engine)) as house:
            machine = await house.enrolled("K-1")
            client = await outer.enter_async_context(house.client(machine))
            poll = asyncio.create_task(client.get("/fleet/v1/wait?seconds=300"))
            waiting: dict[str, _Waiting] = doors[0]._waiting
            while not waiting:
                await asyncio.sleep(0.01)
        reply = await poll
    assert (reply.status_code, reply.json()) == (200, {"commands": []})
    await engine.dispose()
