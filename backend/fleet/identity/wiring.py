"""How this package joins the app."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI

from backend.fleet.identity.authority import open_authority
from backend.fleet.identity.guesses import Guesses
from backend.fleet.identity.pages import router as pages
from backend.fleet.identity.routes import router as kiosks
from backend.fleet.identity.staff_routes import router as staff
from backend.fleet.settings import FleetSettings
from backend.operations.jobs import Jobs
from backend.settings import BackendSettings

ROUTERS: tuple[APIRouter, ...] = (kiosks, staff, pages)


@asynccontextmanager
async def opened(app: FastAPI, settings: BackendSettings, jobs: Jobs) -> AsyncIterator[None]:
    """While the app runs. `app.state.fleet` are its settings, `app.state.authority` signs."""
    app.state.fleet = FleetSettings()
    app.state.authority = await asyncio.to_thread(open_authority, app.state.fleet, settings)
    app.state.guesses = Guesses()
    yield
