"""What lives as long as the app: the press, and the sweeping of files nobody knows."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI

from backend.certificates.files import sweep_orphans
from backend.certificates.press import Press

log = structlog.get_logger()

SWEEP_EVERY_S = 1800.0


def press_of(app: FastAPI) -> Press:
    """The app's press; made at the first call where the lifespan has not run."""
    press: Press | None = getattr(app.state, "press", None)
    if press is None:
        press = Press(app.state.settings.var_dir)
        app.state.press = press
    return press


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Part of the app's lifespan, through the router: the press warms up behind the start."""
    await sweep_orphans(app.state.settings.var_dir, app.state.sessions)
    press = press_of(app)
    sweeping = asyncio.create_task(_sweep_forever(app))
    if (pack := app.state.catalogue.pack) is not None:
        for template in sorted(set(pack.templates.values()))[:1]:
            press.warm_up(template)
    try:
        yield
    finally:
        sweeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sweeping
        press.close()
        app.state.press = None


async def _sweep_forever(app: FastAPI) -> None:
    while True:
        await asyncio.sleep(SWEEP_EVERY_S)
        try:
            await sweep_orphans(app.state.settings.var_dir, app.state.sessions)
        except OSError as error:
            log.warning("orphans_not_swept", error=type(error).__name__)
