"""Fixtures: the server on real sockets."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backend.db.engine import Sessions, make_engine, make_sessions
from tests.backend.fleet.identity.doors import House, open_house
from tests.backend.house import migrated_sqlite


@pytest.fixture
async def door(tmp_path: Path, pack: Path) -> AsyncIterator[House]:
    """The same on SQLite only: for what happens before the database is asked."""
    database = f"sqlite+aiosqlite:///{tmp_path / 'menkou.sqlite3'}"
    shutil.copy(migrated_sqlite(), tmp_path / "menkou.sqlite3")
    engine = make_engine(database)
    async with open_house(tmp_path, database, pack, make_sessions(engine)) as opened:
        yield opened
    await engine.dispose()


@pytest.fixture
async def house(tmp_path: Path, fresh_database: str, pack: Path, sessions: Sessions) -> AsyncIterator[House]:
    async with open_house(tmp_path, fresh_database, pack, sessions) as opened:
        yield opened
