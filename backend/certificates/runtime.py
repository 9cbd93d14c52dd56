"""What lives as long as the app: the press, and the sweeping of files nobody knows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from backend.certificates.files import sweep_orphans
from backend.certificates.press import Press


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
    if (pack := app.state.catalogue.pack) is not None:
        for template in sorted(set(pack.templates.values()))[:1]:
            press.warm_up(template)
    try:
        yield
    finally:
        press.close()
        app.state.press = None
