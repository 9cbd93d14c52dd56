"""How this package joins the app."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI

from backend.console.errors import failure_page
from backend.console.kiosk import router as kiosk
from backend.console.kiosks import router as kiosks
from backend.console.overview import router as overview
from backend.console.region_options import router as region_options
from backend.console.reports import router as reports
from backend.console.static_files import router as static_files
from backend.fleet.staff_api import router as staff_api
from backend.operations.jobs import Jobs
from backend.reports.rollup import Rollup
from backend.settings import BackendSettings

ROUTERS: tuple[APIRouter, ...] = (static_files, overview, kiosks, kiosk, reports, region_options, staff_api)


@asynccontextmanager
async def opened(app: FastAPI, settings: BackendSettings, jobs: Jobs) -> AsyncIterator[None]:
    """While the app runs. `app.state.sessions` is there; jobs are added here and started afterwards."""
    app.state.failure_page = failure_page
    rollup = Rollup(app.state.sessions)
    jobs.add("reports", every_s=900, run=rollup.run, lease_s=1800)
    yield
