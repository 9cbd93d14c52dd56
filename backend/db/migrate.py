"""Bring the database to the newest revision."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from backend.db.migrations import HEAD

if TYPE_CHECKING:
    from alembic.config import Config


async def migrate(engine: AsyncEngine, revision: str = "head") -> bool:
    """Upgrade to `revision`; True if anything was done. Cheap when the database is up to date."""
    async with engine.connect() as connection:
        current = await connection.run_sync(_current)
    if revision in ("head", HEAD) and current == HEAD:
        return False
    async with engine.begin() as connection:
        await connection.run_sync(_upgrade, revision)
    return True


async def current_revision(engine: AsyncEngine) -> str | None:
    async with engine.connect() as connection:
        return await connection.run_sync(_current)


def alembic_config(connection: Connection) -> Config:
    """The configuration Alembic's commands take: no ini file, our scripts, this connection."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision


def _upgrade(connection: Connection, revision: str) -> None:
    from alembic import command

    command.upgrade(alembic_config(connection), revision)
