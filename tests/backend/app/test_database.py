"""Migrations, and SQLite as we want it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from backend.db.engine import make_engine, make_sessions, writing
from backend.db.migrate import alembic_config, current_revision, migrate
from backend.db.migrations import HEAD
from backend.db.models import Base


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    made = make_engine(f"sqlite+aiosqlite:///{tmp_path / 'x.sqlite3'}")
    yield made
    await made.dispose()


def _tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


async def test_up_and_down_without_drift(engine: AsyncEngine) -> None:
    assert await migrate(engine) is True
    assert await current_revision(engine) == HEAD
    async with engine.connect() as connection:
        assert await connection.run_sync(lambda c: ScriptDirectory.from_config(alembic_config(c)).get_heads()) == [HEAD]
        await connection.run_sync(lambda c: command.check(alembic_config(c)))  # raises when models and tables differ
        assert await connection.run_sync(_tables) == {*Base.metadata.tables, "alembic_version"}
    async with engine.begin() as connection:
        await connection.run_sync(lambda c: command.downgrade(alembic_config(c), "base"))
    async with engine.connect() as connection:
        assert await connection.run_sync(_tables) == {"alembic_version"}
    assert await migrate(engine) is True


async def test_second_time_there_is_nothing_to_do(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    await migrate(engine)
    monkeypatch.setattr("backend.db.migrate._upgrade", None)  # would fail if it were called
    assert await migrate(engine) is False


async def test_pragmas(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 15000}
        for pragma, value in wanted.items():
            assert (await connection.execute(text(f"PRAGMA {pragma}"))).scalar() == value


async def test_errors_do_not_quote_values(engine: AsyncEngine) -> None:
    await migrate(engine)
    row = {"k": "kiosk", "s": "somewhere", "t": "secret-value"}
    statement = text("INSERT INTO device (kiosk_id, site, token_sha256, created_at) VALUES (:k, :s, :t, '2026')")
    async with engine.begin() as connection:
        await connection.execute(statement, row)
        with pytest.raises(IntegrityError, match="UNIQUE") as caught:
            await connection.execute(statement, row)
    assert "secret-value" not in str(caught.value)


async def test_read_then_write_from_two_sides(engine: AsyncEngine) -> None:
    """Two that read and then write come one after the other, and neither is told that the database is locked."""
    await migrate(engine)
    sessions = make_sessions(engine)
    async with writing(sessions) as session:
        await session.execute(
            text("INSERT INTO device (kiosk_id, site, token_sha256, created_at) VALUES ('k', '0', 'x', '2026')")
        )
        await session.commit()

    async def count_up() -> None:
        async with writing(sessions) as session:
            count = int((await session.execute(text("SELECT site FROM device"))).scalar_one())
            await asyncio.sleep(0.01)
            await session.execute(text("UPDATE device SET site = :n"), {"n": str(count + 1)})
            await session.commit()

    await asyncio.gather(*(count_up() for _ in range(8)))
    async with sessions() as session:
        assert (await session.execute(text("SELECT site FROM device"))).scalar() == "8"
