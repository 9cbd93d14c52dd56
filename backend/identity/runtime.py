"""What lives as long as the app: the vault, and the clearing away of what has expired."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError

from backend.db.engine import Sessions, writing
from backend.identity.crypto import Vault, bind_vault, open_vault
from backend.identity.service import purge

log = structlog.get_logger()

PURGE_EVERY_S = 60.0


def vault_of(app: FastAPI) -> Vault:
    """The app's vault, opened and bound to its engine at the first call."""
    vault: Vault | None = getattr(app.state, "vault", None)
    if vault is None:
        vault = open_vault(app.state.settings.var_dir)
        bind_vault(app.state.engine, vault)
        app.state.vault = vault
    return vault


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Part of the app's lifespan, through the router: personal data go even when nobody comes any more."""
    vault_of(app)
    task = asyncio.create_task(_purge_forever(app.state.sessions))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _purge_forever(sessions: Sessions) -> None:
    while True:
        try:
            async with writing(sessions) as session:
                await purge(session)
                await session.commit()
        except SQLAlchemyError as error:
            log.warning("purge_failed", error=type(error).__name__)
        await asyncio.sleep(PURGE_EVERY_S)
