"""How complaints join the app."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI

from backend.feedback.complaint_routes import router as complaints
from backend.feedback.filing import JOB, Filing
from backend.feedback.routes import router as ratings
from backend.identity.runtime import vault_of
from backend.operations.jobs import Jobs
from backend.settings import BackendSettings

ROUTERS: tuple[APIRouter, ...] = (ratings, complaints)


@asynccontextmanager
async def opened(app: FastAPI, settings: BackendSettings, jobs: Jobs) -> AsyncIterator[None]:
    """While the app runs. `app.state.sessions` and `.exchange` are there; jobs are started afterwards."""
    vault_of(app)  # words and phones lie encrypted
    jobs.add(JOB, 30, Filing(app.state.sessions, app.state.exchange).run, lease_s=600)
    yield
