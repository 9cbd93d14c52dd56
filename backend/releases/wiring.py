"""How rollouts join the app."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from fastapi import APIRouter, FastAPI

from backend.operations.jobs import Jobs
from backend.releases.kiosk_routes import router as kiosk_router
from backend.releases.orders import RolloutOrders
from backend.releases.pages import router as pages_router
from backend.releases.payloads import PayloadStore
from backend.releases.staff_routes import router as staff_router
from backend.releases.stepper import Stepper
from backend.settings import BackendSettings

ROUTERS: tuple[APIRouter, ...] = (kiosk_router, staff_router, pages_router)
STEP_S = 5.0


@asynccontextmanager
async def opened(app: FastAPI, settings: BackendSettings, jobs: Jobs) -> AsyncIterator[None]:
    """`app.state.rollout_orders` answers heartbeats, `app.state.payloads` holds the bytes."""
    sessions = app.state.sessions
    app.state.payloads = PayloadStore(settings.var_dir / "releases")
    app.state.rollout_orders = RolloutOrders(sessions, _now)
    # Telling a province takes some seconds, in pieces.
    jobs.add("rollouts", STEP_S, Stepper(sessions, _now).run, lease_s=120)
    yield


def _now() -> datetime:
    return datetime.now(UTC)
