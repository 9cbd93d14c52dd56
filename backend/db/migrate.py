"""Bring the database to a revision: up or down, one process at a time, all of it or nothing.

All steps are one transaction on both databases (PostgreSQL and SQLite undo changes of tables too), so a process that
is killed in the middle leaves the revision it found. Two that start together come one after the other: PostgreSQL has
an advisory lock for it, SQLite's single writer does the same.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from backend.db.engine import make_engine
from backend.db.migrations import HEAD
from backend.db.settings import DatabaseSettings

if TYPE_CHECKING:
    from alembic.config import Config

_LOCK = 0x4D4B4442  # PostgreSQL advisory lock of whoever changes the schema
_PATIENCE_S = 24 * 3600.0  # a step over millions of rows may take long
_DDL_LOCK_S = 10  # but a step that waits for a table holds up everybody behind it: rather fail, and try again


class MigrationError(Exception):
    """The database cannot be brought there; the text says what to do. Nothing was changed."""


async def migrate(engine: AsyncEngine, revision: str = "head") -> bool:
    """Upgrade to `revision`; True if anything was done. Cheap when the database is up to date.

    Raises MigrationError for a database that is newer than this program.
    """
    current = await current_revision(engine)
    if revision in ("head", HEAD) and current == HEAD:
        return False
    return await _change(engine, lambda connection: _upgrade(connection, revision))


async def downgrade(engine: AsyncEngine, revision: str) -> bool:
    """Go back to `revision` ("base": no tables at all). What the newer tables held is lost."""
    return await _change(engine, lambda connection: _downgrade(connection, revision))


async def current_revision(engine: AsyncEngine) -> str | None:
    """None: there are no tables of ours."""
    async with engine.connect() as connection:
        return await connection.run_sync(_current)


def schema_problem(current: str | None) -> str | None:
    """Why this program cannot work on a database of revision `current`, and what to do; None if it can."""
    if current == HEAD:
        return None
    if current is not None and not known(current):
        return f"database: schema {current} is newer than this program ({HEAD}): update the program"
    found = f"schema {current}" if current else "no schema"
    return f"database: {found}, this program needs {HEAD}: run `menkou backend migrate`"


def known(revision: str) -> bool:
    """Whether this program has that revision's script."""
    return any((Path(__file__).parent / "migrations" / "versions").glob(f"r{revision}_*.py"))


def alembic_config(connection: Connection) -> Config:
    """The configuration Alembic's commands take: no ini file, our scripts, this connection."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


async def _change(engine: AsyncEngine, change: Callable[[Connection], None]) -> bool:
    """Run `change` alone; whether the revision is another one afterwards."""
    async with _alone(engine) as connection:
        before = await connection.run_sync(_current)
        if before is not None and not known(before):
            raise MigrationError(schema_problem(before))
        await connection.run_sync(change)
        return await connection.run_sync(_current) != before


@asynccontextmanager
async def _alone(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction that no other process' migration overlaps."""
    if engine.dialect.name == "sqlite":
        async with _alone_on_sqlite(engine) as connection:
            yield connection
        return
    patient = DatabaseSettings(
        statement_timeout_s=_PATIENCE_S,
        lock_timeout_s=_PATIENCE_S,
        idle_in_transaction_s=_PATIENCE_S,
        application_name="menkou-migrate",
    )
    own = make_engine(engine.url.render_as_string(hide_password=False), patient)
    try:
        async with own.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            await connection.execute(text(f"SET LOCAL lock_timeout = '{_DDL_LOCK_S}s'"))
            yield connection
    finally:
        await own.dispose()


@asynccontextmanager
async def _alone_on_sqlite(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    # Altering a table here means: copy it, drop the old one. With foreign keys enforced the drop would delete the rows
    # that point to it. They can be switched only outside a transaction, and are checked before the end.
    async with engine.connect() as connection:
        await _statements(connection, "ROLLBACK", "PRAGMA foreign_keys = OFF", "BEGIN IMMEDIATE")
        try:
            yield connection
            broken = (await connection.exec_driver_sql("PRAGMA foreign_key_check")).fetchmany(1)
            if broken:
                raise MigrationError(f"rows of table {broken[0][0]} would point to rows that are not there")
            await connection.commit()
        finally:
            await connection.rollback()
            await _statements(connection, "ROLLBACK", "PRAGMA foreign_keys = ON", "BEGIN")


async def _statements(connection: AsyncConnection, *statements: str) -> None:
    for statement in statements:
        await connection.exec_driver_sql(statement)


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision


def _upgrade(connection: Connection, revision: str) -> None:
    from alembic import command

    command.upgrade(alembic_config(connection), revision)


def _downgrade(connection: Connection, revision: str) -> None:
    from alembic import command

    command.downgrade(alembic_config(connection), revision)
