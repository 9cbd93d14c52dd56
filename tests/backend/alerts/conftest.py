"""A small fleet. Seeding takes longer than most tests: it is done once for each size, then copied.

What an alert does is Python: it is tested on SQLite. What may differ by database (the statements, their locks and
types) is walked through on both, by the tests that ask for `both_fleets` or `province_fleet`.
"""

from __future__ import annotations

import asyncio
import atexit
import shutil
import tempfile
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from backend.db.engine import make_engine, make_sessions
from tests.backend.alerts.fleet import Fleet
from tests.backend.conftest import DATABASES
from tests.backend.house import migrated_sqlite
from tests.postgres import fresh_postgres

SMALL, PROVINCE_WIDE = 0.001, 0.006  # the second: more than make a group on every level


async def _seeded(url: str, share: float) -> tuple[str, ...]:
    engine = make_engine(url)
    made = Fleet(make_sessions(engine))
    await made.seed(share)
    await engine.dispose()
    return tuple(made.kiosks)


@cache
def _template(kind: str, share: float) -> tuple[str, tuple[str, ...]]:
    """(a database's name or file, its kiosks)."""
    if kind == "postgresql":
        url = fresh_postgres()
        where = str(make_url(url).database)
    else:
        folder = tempfile.mkdtemp(prefix="menkou-alerts-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        where = str(Path(folder) / "fleet.sqlite3")
        shutil.copy(migrated_sqlite(), where)
        url = f"sqlite+aiosqlite:///{where}"
    with ThreadPoolExecutor(1) as pool:  # a loop of its own
        return where, pool.submit(asyncio.run, _seeded(url, share)).result()


@asynccontextmanager
async def _copy(kind: str, share: float, tmp_path: Path) -> AsyncIterator[Fleet]:
    where, kiosks = _template(kind, share)
    if kind == "postgresql":
        url = fresh_postgres(template=where)
    else:
        shutil.copy(where, tmp_path / "fleet.sqlite3")
        url = f"sqlite+aiosqlite:///{tmp_path / 'fleet.sqlite3'}"
    engine = make_engine(url)
    yield Fleet(make_sessions(engine), kiosks=list(kiosks))
    await engine.dispose()


# MENKOU_TEST_DATABASE=postgresql runs everything there.
_ONE = "sqlite" if "sqlite" in DATABASES else "postgresql"


@pytest.fixture
async def fleet(tmp_path: Path) -> AsyncIterator[Fleet]:
    async with _copy(_ONE, SMALL, tmp_path) as made:
        yield made


@pytest.fixture(params=DATABASES)
async def both_fleets(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Fleet]:
    async with _copy(request.param, SMALL, tmp_path) as made:
        yield made


@pytest.fixture(params=DATABASES)
async def province_fleet(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Fleet]:
    async with _copy(request.param, PROVINCE_WIDE, tmp_path) as made:
        yield made
