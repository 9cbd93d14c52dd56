"""The schema goes up and down on both databases, by one process at a time, all of it or nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic import command
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, String, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from backend.db.engine import make_engine
from backend.db.migrate import (
    MigrationError,
    alembic_config,
    current_revision,
    downgrade,
    migrate,
    schema_problem,
)
from backend.db.migrations import HEAD
from backend.db.models import Base
from tests.backend.conftest import DATABASES
from tests.postgres import fresh_postgres

# Migrates, and kills itself at the n-th statement that changes the schema.
_DIE_AT = """
import asyncio, os, signal, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
from backend.db.engine import make_engine
from backend.db.migrate import migrate, downgrade
url, left, down = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "down"
def count(connection, cursor, statement, *rest):
    global left
    if statement.lstrip().upper().startswith(("CREATE", "DROP", "ALTER", "UPDATE", "INSERT")):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
event.listen(Engine, "after_cursor_execute", count)
asyncio.run(downgrade(make_engine(url), "base") if down else migrate(make_engine(url)))
"""


@pytest.fixture(params=DATABASES)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without tables."""
    if request.param == "postgresql":
        return fresh_postgres(migrated=False)
    return f"sqlite+aiosqlite:///{tmp_path / 'x.sqlite3'}"


@pytest.fixture
async def engine(empty: str) -> AsyncIterator[AsyncEngine]:
    made = make_engine(empty)
    yield made
    await made.dispose()


def _tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


async def _tables_of(engine: AsyncEngine) -> set[str]:
    async with engine.connect() as connection:
        return await connection.run_sync(_tables)


async def test_up_and_down_without_drift(engine: AsyncEngine) -> None:
    assert schema_problem(await current_revision(engine)) is not None
    assert await migrate(engine) is True
    assert schema_problem(await current_revision(engine)) is None
    async with engine.connect() as connection:
        await connection.run_sync(lambda c: command.check(alembic_config(c)))  # raises when models and tables differ
    assert await _tables_of(engine) == {*Base.metadata.tables, "alembic_version"}
    assert await downgrade(engine, "0001") is True
    assert await current_revision(engine) == "0001"
    assert "run `menkou backend migrate`" in (schema_problem("0001") or "")
    assert await downgrade(engine, "base") is True
    assert await _tables_of(engine) == {"alembic_version"}
    assert await migrate(engine, "0001") is True
    assert await migrate(engine) is True
    assert await migrate(engine) is False


async def test_those_who_start_together_migrate_once(empty: str) -> None:
    engines = [make_engine(empty) for _ in range(4)]
    done = await asyncio.gather(*(migrate(engine) for engine in engines))
    assert sorted(done) == [False, False, False, True]
    assert await current_revision(engines[0]) == HEAD
    for engine in engines:
        await engine.dispose()


@pytest.mark.parametrize(("way", "at"), [("up", 0), ("up", 9), ("up", 30), ("down", 4)])
async def test_killed_in_the_middle(empty: str, engine: AsyncEngine, way: str, at: int) -> None:
    """What the killed one has begun is not there; the next one starts from where it had started."""
    if way == "down":
        await migrate(engine)
    before = await _tables_of(engine)
    await engine.dispose()
    argv = [sys.executable, "-c", _DIE_AT, empty, str(at), way]
    died = await asyncio.to_thread(subprocess.run, argv, check=False, env=os.environ, timeout=60)
    assert died.returncode == -signal.SIGKILL
    assert await _tables_of(engine) - {"alembic_version"} == before - {"alembic_version"}
    assert await current_revision(engine) == (HEAD if way == "down" else None)
    assert await migrate(engine) is (way == "up")
    assert await _tables_of(engine) == {*Base.metadata.tables, "alembic_version"}


async def test_a_newer_database_is_left_alone(engine: AsyncEngine) -> None:
    await migrate(engine)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(MigrationError, match="newer than this program"):
        await migrate(engine)
    assert "update the program" in (schema_problem("9999") or "")


async def test_a_table_made_anew_keeps_the_rows_that_point_to_it(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SQLite a column is altered by copying the table and dropping the old one."""
    await migrate(engine)
    async with engine.begin() as connection:
        for table in ("parent", "child"):
            points = " REFERENCES parent (id) ON DELETE CASCADE" if table == "child" else ""
            await connection.execute(text(f"CREATE TABLE {table} (id VARCHAR(5) PRIMARY KEY{points}, note VARCHAR(9))"))
            await connection.execute(text(f"INSERT INTO {table} VALUES ('a', 'x')"))

    def alter(connection: Connection, revision: str) -> None:
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("parent") as batch:
            batch.alter_column("note", type_=String(20), existing_type=String(9))

    monkeypatch.setattr("backend.db.migrate._upgrade", alter)
    await migrate(engine, "0001")
    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM child"))).scalar() == 1
        if engine.dialect.name == "sqlite":
            assert (await connection.execute(text("PRAGMA foreign_keys"))).scalar() == 1
