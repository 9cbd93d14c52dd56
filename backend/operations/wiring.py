"""How this package joins the app."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from backend.db.faults import fault_of, not_text
from backend.logging import where
from backend.operations import health, metrics_page
from backend.operations.jobs import Jobs
from backend.operations.metrics import Counted
from backend.operations.settings import TelemetrySettings
from backend.operations.telemetry import Traced, make_provider
from backend.settings import BackendSettings

log = structlog.get_logger()

ROUTERS: tuple[APIRouter, ...] = (health.router, metrics_page.router)
_RETRY_AFTER_S = 5


def observe(app: FastAPI) -> None:
    """Count and trace the requests; a database that is away or full is answered as such. Before the app starts."""
    app.add_middleware(Counted)
    provider = make_provider(TelemetrySettings())
    app.state.telemetry = provider
    if provider is not None:
        app.add_middleware(Traced, provider=provider)
    for kind in (DBAPIError, PoolTimeout, ConnectionError):
        app.add_exception_handler(kind, _database_fault)


@asynccontextmanager
async def opened(app: FastAPI, settings: BackendSettings, jobs: Jobs) -> AsyncIterator[None]:
    """While the app runs. `app.state.sessions` is there; jobs are added here and started afterwards."""
    try:
        yield
    finally:
        if app.state.telemetry is not None:
            import asyncio

            await asyncio.to_thread(app.state.telemetry.shutdown)


async def _database_fault(request: Request, error: Exception) -> JSONResponse:
    if not_text(error):
        return JSONResponse({"code": "invalid-request", "detail": "a NUL character"}, 422)
    fault = fault_of(error)
    if fault is None:
        raise error  # a bug: told as one by the outermost middleware
    log.error("database_fault", fault=fault.value, error=type(error).__name__, where=where(error))
    body = {"code": fault.value, "detail": ""}
    return JSONResponse(body, 503, headers={"Retry-After": str(_RETRY_AFTER_S)})
