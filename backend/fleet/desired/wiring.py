"""How settings join the app."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI

from backend.fleet.desired.pages import router as pages_router
from backend.fleet.desired.routes import router
from backend.fleet.desired.telling import Telling
from backend.operations.jobs import Jobs
from backend.settings import BackendSettings

TELL_S = 5.0
ROUTERS: tuple[APIRouter, ...] = (router, pages_router)


@asynccontextmanager
async def opened(app: FastAPI, settings: BackendSettings, jobs: Jobs) -> AsyncIterator[None]:
    """Kiosks are told by a job; a change wakes it."""
    jobs.add("settings", TELL_S, Telling(app.state.sessions).run, lease_s=120)
    yield
