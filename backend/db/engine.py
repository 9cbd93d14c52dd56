"""The engine and its sessions. SQLite when embedded, PostgreSQL in production; the tests run on both.

SQLite knows one writer at a time. A transaction that reads first and writes later would fail at the upgrade, so
sessions that will write are opened with `writing()`: they take the write lock at their first statement. Keep them
short: commit before calling another system.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from backend.db.settings import DatabaseSettings

Sessions = async_sessionmaker[AsyncSession]

_WRITING = "menkou_writing"


def make_engine(url: str, settings: DatabaseSettings | None = None) -> AsyncEngine:
    """An engine whose errors never quote parameters: they may be personal data."""
    if url.startswith("postgresql"):
        from backend.db.postgres import connect_arguments  # not needed by a desk on SQLite

        settings = settings or DatabaseSettings()
        return create_async_engine(
            url,
            hide_parameters=True,
            pool_pre_ping=True,  # after a failover the old connections are found dead here, not in a request
            pool_size=settings.pool_size,
            max_overflow=settings.pool_overflow,
            pool_timeout=settings.pool_timeout_s,
            pool_recycle=settings.pool_recycle_s,
            pool_use_lifo=True,  # what is not needed grows old and is replaced
            connect_args=connect_arguments(url, settings),
        )
    engine = create_async_engine(url, hide_parameters=True)
    if engine.dialect.name == "sqlite":
        if engine.url.database:
            Path(engine.url.database).touch(mode=0o600)  # SQLite's side files take its mode over
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def make_sessions(engine: AsyncEngine) -> Sessions:
    return async_sessionmaker(engine, expire_on_commit=False)


@asynccontextmanager
async def writing(sessions: Sessions) -> AsyncIterator[AsyncSession]:
    """A session for reading and then writing; the caller commits, anything uncommitted is rolled back."""
    async with sessions() as session:
        mark_writing(session)
        yield session


def mark_writing(session: AsyncSession) -> None:
    """From now on this session's transactions take SQLite's write lock at once (no effect on PostgreSQL)."""
    session.info[_WRITING] = True
    if not event.contains(session.sync_session, "after_begin", _after_begin):
        event.listen(session.sync_session, "after_begin", _after_begin)


def _after_begin(session: Any, transaction: Any, connection: Connection) -> None:
    # The BEGIN of the connection has already been sent as deferred: turn it into an immediate one. Nothing has been
    # read yet, so the two statements are free.
    if connection.dialect.name == "sqlite" and session.info.get(_WRITING):
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _prepare_sqlite(dbapi_connection: Any, _record: Any) -> None:
    dbapi_connection.isolation_level = None  # the driver must not begin transactions by itself
    cursor = dbapi_connection.cursor()
    cursor.execute("PRAGMA busy_timeout = 15000")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")  # money: a commit survives the power cut
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
