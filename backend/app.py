"""The backend as one ASGI app."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from backend.alerts import wiring as alerts
from backend.appointments.routes import router as appointments
from backend.assistance.routes import router as assistance
from backend.bills.routes import router as bills
from backend.cases import wiring as cases
from backend.catalogue import Catalogue
from backend.certificates.routes import router as certificates
from backend.console import wiring as console
from backend.console.errors import error_page, is_console
from backend.console.errors import refused as console_refused
from backend.contract.kiosk_api import Problem
from backend.db.engine import make_engine, make_sessions
from backend.db.migrate import migrate
from backend.devices.routes import router as devices
from backend.editor import wiring as editor
from backend.exchange.client import ExchangeClient
from backend.feedback import wiring as feedback
from backend.fleet.commands import wiring as commands
from backend.fleet.desired import wiring as desired
from backend.fleet.heartbeat import wiring as heartbeat
from backend.fleet.identity import wiring as kiosk_identity
from backend.fleet.wire import FleetRefused
from backend.fleet.wire import refused as fleet_refused
from backend.identity.routes import router as identity
from backend.logging import RequestLog
from backend.operations import wiring as operations
from backend.operations.figures import Figures
from backend.operations.jobs import Jobs
from backend.payments.routes import router as payments
from backend.payments.wiring import open_payments
from backend.plain_urls import PlainUrlsOnly
from backend.problems import Refused
from backend.queueing.routes import router as queue
from backend.queueing.routes import staff_router as staff_queues
from backend.records.routes import router as records
from backend.releases import wiring as releases
from backend.settings import BackendSettings
from backend.staff import wiring as staff
from backend.staff.origin import OwnPagesOnly
from backend.stock.routes import router as stock
from backend.tuf_desk import wiring as tuf_desk

log = structlog.get_logger()

_FIELD = re.compile(r"[a-z_]{1,40}")
_MAX_BODY = 1 << 20  # bytes

# Opened in this order, closed in the other.
PARTS = (
    staff,
    kiosk_identity,
    desired,
    commands,
    releases,
    tuf_desk,
    editor,
    heartbeat,
    alerts,
    cases,
    feedback,
    console,
    operations,
)


def create_app(
    settings: BackendSettings | None = None, *, transport: httpx.AsyncBaseTransport | None = None
) -> FastAPI:
    """The app. `transport` carries the calls to gateways and departments (tests hand in their own).

    Raises SettingsError for a production that is not one.
    """
    settings = settings or BackendSettings()
    settings.check_production()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        settings.var_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        engine = make_engine(settings.effective_database_url)
        try:
            if settings.environment == "embedded":
                await migrate(engine)
            async with httpx.AsyncClient(transport=transport, trust_env=settings.environment != "embedded") as client:
                app.state.engine = engine
                app.state.sessions = make_sessions(engine)
                app.state.catalogue = Catalogue.load(settings.content_dir)
                app.state.exchange = ExchangeClient(
                    settings.exchange_url, settings.exchange_key.get_secret_value(), client=client
                )
                app.state.figures = Figures(app.state.sessions, engine)
                jobs = Jobs(app.state.sessions)
                app.state.jobs = jobs
                async with AsyncExitStack() as stack:
                    await stack.enter_async_context(open_payments(app, settings, client))
                    for part in PARTS:
                        await stack.enter_async_context(part.opened(app, settings, jobs))
                    if settings.jobs:
                        await stack.enter_async_context(jobs.running())
                    log.info("backend_ready", environment=settings.environment, content=app.state.catalogue.version)
                    yield
        finally:
            await engine.dispose()

    app = FastAPI(
        title="Menkou backend",
        version="1",
        lifespan=lifespan,
        docs_url=None,  # their pages load scripts from elsewhere
        redoc_url=None,
        responses={422: {"model": Problem}},  # as `_invalid` answers
        max_body_size=_MAX_BODY,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.settings = settings
    app.add_middleware(PlainUrlsOnly)
    app.add_middleware(OwnPagesOnly, public_url=settings.public_url)
    app.add_middleware(RequestLog)
    operations.observe(app)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(FleetRefused, fleet_refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    everyday = (devices, identity, certificates, records, stock, bills, payments, appointments, queue)
    for router in (*everyday, assistance, staff_queues):
        app.include_router(router)
    for part in PARTS:
        for router in part.ROUTERS:
            app.include_router(router)
    return app


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refused)  # noqa: S101 - registered for this class only
    log.info("refused", code=error.code.value, detail=error.detail)
    return JSONResponse({"code": error.code.value, "detail": error.detail}, error.status)


async def _invalid(request: Request, error: Exception) -> Response:
    """Names the fields and the rules, never what was sent: it may be personal data."""
    assert isinstance(error, RequestValidationError)  # noqa: S101
    if is_console(request.url.path):
        return await error_page(request, 422)
    faults = [f"{'.'.join(_safe(part) for part in fault['loc'])}: {fault['type']}" for fault in error.errors()[:10]]
    return JSONResponse({"code": "invalid-request", "detail": "; ".join(faults)}, 422)


def _safe(part: str | int) -> str:
    # A key of the body is the sender's text too.
    return part if isinstance(part, str) and _FIELD.fullmatch(part) else "?"


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    if is_console(request.url.path):
        return await console_refused(request, error)
    codes = {401: "unauthorized", 403: "forbidden", 404: "not-found", 405: "method-not-allowed"}
    code = getattr(error, "code", None) or codes.get(error.status_code, "http-error")
    return JSONResponse({"code": code, "detail": str(error.detail)}, error.status_code, headers=error.headers)
