"""How settings join the app."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI

from backend.fleet.desired.pages import router as pages_router
from backend.fleet.desired.routes import router
from backend.operations.jobs import Jobs
from backend.settings import BackendSettings

ROUTERS: tuple[APIRouter, ...] = (router, pages_router)


@asynccontextmanager
async def opened(app: FastAPI, settings: BackendSettings, jobs: Jobs) -> AsyncIterator[None]:
    """Nothing to open: all of it lies in the database."""
    yield
