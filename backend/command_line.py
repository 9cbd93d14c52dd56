"""What the commands at the desk's own machine share: one deed in the desk's database."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from backend.settings import BackendSettings

Result = TypeVar("Result")


def actor() -> str:
    """Who does it, for the audit log."""
    return f"command-line:{getpass.getuser()}"[:80]


def in_database(deed: Callable[[AsyncSession], Awaitable[Result]]) -> Result:
    """Do it in one transaction, which is committed. Embedded, the database is made or upgraded first."""
    return asyncio.run(_in_database(deed))


async def _in_database(deed: Callable[[AsyncSession], Awaitable[Result]]) -> Result:
    from backend.db.engine import make_engine, make_sessions, writing
    from backend.db.migrate import migrate
    from backend.identity.crypto import bind_vault, open_vault

    settings = BackendSettings()
    settings.var_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = make_engine(settings.effective_database_url)
    bind_vault(engine, open_vault(settings.var_dir))
    try:
        if settings.environment == "embedded":
            await migrate(engine)
        async with writing(make_sessions(engine)) as session:
            result = await deed(session)
            await session.commit()
        return result
    finally:
        await engine.dispose()
