"""Fixtures of the backend's tests: the whole house, or a database."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backend.db.engine import Sessions, make_engine, make_sessions
from tests.backend.desk import Desk, open_desk
from tests.backend.house import House, make_pack, migrated_sqlite, open_house
from tests.postgres import fresh_postgres


@pytest.fixture(scope="session")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pack(tmp_path_factory.mktemp("content"))


@pytest.fixture
async def house(tmp_path: Path, pack: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path, pack, gateway_timeout_s=5) as opened:
        yield opened


@pytest.fixture(params=["sqlite", "postgresql"])
async def fresh_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty, migrated database; the test runs on both kinds."""
    if request.param == "postgresql":
        return fresh_postgres()
    shutil.copy(migrated_sqlite(), tmp_path / "menkou.sqlite3")
    return f"sqlite+aiosqlite:///{tmp_path / 'menkou.sqlite3'}"


@pytest.fixture
async def sessions(fresh_database: str) -> AsyncIterator[Sessions]:
    """Sessions of such a database."""
    engine = make_engine(fresh_database)
    yield make_sessions(engine)
    await engine.dispose()


@pytest.fixture
async def desk(tmp_path: Path, pack: Path, fresh_database: str) -> AsyncIterator[Desk]:
    """The fleet's desk, on both kinds of database."""
    async with open_desk(tmp_path, fresh_database, pack) as opened:
        yield opened
