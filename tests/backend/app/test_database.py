"""SQLite as we want it, and PostgreSQL spoken to as we want."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from backend.db.engine import make_engine, make_sessions, writing
from backend.db.migrate import migrate
from backend.db.postgres import NoPrimary, hosts_of
from backend.db.settings import DatabaseSettings
from tests.postgres import Cluster, fresh_postgres


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    made = make_engine(f"sqlite+aiosqlite:///{tmp_path / 'x.sqlite3'}")
    yield made
    await made.dispose()


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


async def test_postgresql_is_told_who_we_are_and_how_long_we_wait() -> None:
    engine = make_engine(fresh_postgres(), DatabaseSettings(statement_timeout_s=0.05, application_name="menkou-test"))
    async with engine.connect() as connection:
        for setting, value in {
            "application_name": "menkou-test",
            "TimeZone": "UTC",
            "statement_timeout": "50ms",
        }.items():
            assert (await connection.execute(text(f"SHOW {setting}"))).scalar() == value
        with pytest.raises(DBAPIError, match="statement timeout"):
            await connection.execute(text("SELECT pg_sleep(5)"))
    await engine.dispose()


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("postgresql+asyncpg://u:p@db1:5433/m", [("db1", 5433)]),
        ("postgresql+asyncpg://u:p@/m?host=db1:5432&host=db2:5433", [("db1", 5432), ("db2", 5433)]),
        ("postgresql+asyncpg://u@/m?host=/run/postgresql", [("/run/postgresql", None)]),
        ("postgresql+asyncpg:///m", [(None, None)]),
    ],
)
def test_hosts_of_a_url(url: str, hosts: list[tuple[str | None, int | None]]) -> None:
    assert hosts_of(make_url(url)) == hosts


async def test_the_host_that_takes_writes_is_found() -> None:
    """Three hosts: nobody there, one that only reads, the primary; and after a change of roles the other one."""
    ports = _free_ports(3)
    reader, writer = (Cluster(port=port) for port in ports[1:])
    try:
        for each in (reader, writer):
            each.create("desk")
        _only_reads(reader, True)
        where = "&".join(f"host=127.0.0.1:{port}" for port in ports)
        engine = make_engine(f"postgresql+asyncpg://menkou@/desk?{where}")
        assert await _port(engine) == ports[2]
        _only_reads(reader, False)
        writer.stop()
        assert await _port(engine) == ports[1]
        reader.stop()
        with pytest.raises(NoPrimary):
            await _port(engine)
        await engine.dispose()
    finally:
        reader.remove()
        writer.remove()


def _only_reads(cluster: Cluster, whether: bool) -> None:
    cluster.sql(f"ALTER DATABASE desk SET default_transaction_read_only = {whether}")


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


async def _port(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return int((await connection.execute(text("SHOW port"))).scalar_one())
