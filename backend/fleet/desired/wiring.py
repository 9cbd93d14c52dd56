"""How this package joins the app."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI

from backend.operations.jobs import Jobs
from backend.settings import BackendSettings

ROUTERS: tuple[APIRouter, ...] = ()


@asynccontextmanager
async def opened(app: FastAPI, settings: BackendSettings, jobs: Jobs) -> AsyncIterator[None]:
    """While the app runs. `app.state.sessions` is there; jobs are added here and started afterwards."""
    yield
