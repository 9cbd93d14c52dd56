"""`menkou backend worker`: the background jobs in a process of their own. Several may run side by side.

It takes no requests but those about itself: /healthz, /readyz and /metrics, on a Unix socket or a loopback port.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import structlog
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from backend.app import create_app
from backend.operations import metrics_page
from backend.operations.health import problems, ready
from backend.operations.service_manager import told
from backend.operations.settings import OperationsSettings
from backend.settings import BackendSettings

log = structlog.get_logger()


@asynccontextmanager
async def working(settings: BackendSettings, operations: OperationsSettings) -> AsyncIterator[FastAPI]:
    """All jobs run while the block does; then their leases are given back. Raises SettingsError, OSError."""
    app = create_app(settings.model_copy(update={"jobs": True}))
    async with AsyncExitStack() as stack:
        listeners = [stack.enter_context(listener) for listener in _listeners(operations)]
        await stack.enter_async_context(app.router.lifespan_context(app))
        if listeners:
            await stack.enter_async_context(_answering(_page(app, operations), listeners))
        log.info("worker_ready", jobs=sorted(app.state.jobs.jobs), holder=app.state.jobs.holder)
        yield app


def run(settings: BackendSettings) -> None:
    """Work until SIGTERM or SIGINT. Raises SettingsError, OSError."""

    async def until_told() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        async with working(settings, OperationsSettings()), told():
            await stop.wait()

    asyncio.run(until_told())


def _page(app: FastAPI, operations: OperationsSettings) -> FastAPI:
    page = FastAPI(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )

    @page.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @page.get("/readyz")
    async def readyz() -> JSONResponse:
        found = await problems(app.state)
        return ready(found or await app.state.jobs.late())

    @page.get("/metrics")
    async def metrics(request: Request) -> Response:
        return await metrics_page.answer(app.state.figures)

    return page


@asynccontextmanager
async def _answering(page: FastAPI, listeners: list[socket.socket]) -> AsyncIterator[None]:
    config = uvicorn.Config(page, log_config=None, access_log=False, server_header=False, lifespan="off", ws="none")
    server = uvicorn.Server(config)  # not run(): signals are the worker's own affair
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=listeners)
    tick = asyncio.create_task(server.main_loop())
    try:
        yield
    finally:
        server.should_exit = True
        await tick
        await server.shutdown(sockets=listeners)


def _listeners(operations: OperationsSettings) -> list[socket.socket]:
    made = []
    if operations.worker_socket is not None:
        made.append(_unix(operations.worker_socket))
    if operations.worker_port:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", operations.worker_port))
        made.append(listener)
    return made


def _unix(path: Path) -> socket.socket:
    """For our own user and group: nginx is in the group."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o117)
    try:
        listener.bind(str(path))
    finally:
        os.umask(before)
    return listener
