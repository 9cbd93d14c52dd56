"""How signed content joins the app."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import structlog
from fastapi import APIRouter, FastAPI

from backend.operations.jobs import Jobs, Lease
from backend.releases.payloads import PayloadStore
from backend.settings import BackendSettings
from backend.tuf_desk.kiosk_routes import router as kiosk_router
from backend.tuf_desk.repository import TufDesk
from backend.tuf_desk.staff_routes import router as staff_router

log = structlog.get_logger()

ROUTERS: tuple[APIRouter, ...] = (kiosk_router, staff_router)
RENEW_S = 600.0


def open_desk(settings: BackendSettings) -> TufDesk:
    return TufDesk(settings.var_dir / "tuf", PayloadStore(settings.var_dir / "releases"))


@asynccontextmanager
async def opened(app: FastAPI, settings: BackendSettings, jobs: Jobs) -> AsyncIterator[None]:
    """`app.state.tuf` holds the signed metadata; a job says in time that it is still the newest."""
    desk = app.state.tuf = open_desk(settings)

    async def renew(_lease: Lease) -> None:
        if await asyncio.to_thread(desk.renew, datetime.now(UTC)):
            log.info("content_timestamp_renewed")

    jobs.add("content-timestamp", RENEW_S, renew)
    yield
