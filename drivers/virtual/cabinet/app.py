"""The cabinet's web server: page, HTTP API, camera stream and the bridge to the kiosk's screen."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles

from drivers.virtual.cabinet import device_routes
from drivers.virtual.cabinet.cabinet import Cabinet
from drivers.virtual.cabinet.desk import RefusedError
from drivers.virtual.cabinet.guard import Guard
from drivers.virtual.cabinet.routes import router
from drivers.virtual.cabinet.settings import CabinetSettings

HERE = Path(__file__).parent
NOVNC = HERE.parent / "assets" / "novnc"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


def create_app(cabinet: Cabinet) -> FastAPI:
    """The application around a cabinet, which it starts and stops."""

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await cabinet.start()
        try:
            yield
        finally:
            await cabinet.stop()

    app = FastAPI(
        title="Menkou virtual cabinet",
        summary="Simulated hardware of a self-service terminal, and the hands to work it",
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.cabinet = cabinet
    app.include_router(router)
    app.include_router(device_routes.router)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    app.mount("/novnc", StaticFiles(directory=NOVNC), name="novnc")
    app.add_middleware(Guard, hosts=LOOPBACK | {cabinet.settings.host})

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(HERE / "static" / "index.html")

    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.exception_handler(RefusedError)
    async def refused(_request: Request, error: RefusedError) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, error.status)

    return app


class _Server(uvicorn.Server):
    """The cabinet hears of the end first: its endless answers must end before uvicorn waits for their connections."""

    def __init__(self, config: uvicorn.Config, cabinet: Cabinet, ready: Callable[[Cabinet], None]) -> None:
        super().__init__(config)
        self._cabinet = cabinet
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready(self._cabinet)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._cabinet.end_streams()
        await super().shutdown(sockets)


async def serve(
    settings: CabinetSettings,
    *,
    ready: Callable[[Cabinet], None] = lambda cabinet: None,
    stop: asyncio.Event | None = None,
) -> None:
    """Run until SIGINT or SIGTERM, or until `stop` is set. `ready` is called when everything that can start has.

    Raises OSError when the port is taken.
    """
    listener = socket.create_server((settings.host, settings.port), reuse_port=False)
    settings = replace(settings, port=listener.getsockname()[1])
    cabinet = Cabinet(settings)
    config = uvicorn.Config(create_app(cabinet), log_level="warning", access_log=False, timeout_graceful_shutdown=2)
    server = _Server(config, cabinet, ready)

    async def wait_for_stop() -> None:
        if stop is not None:
            await stop.wait()
            server.should_exit = True

    waiter = asyncio.create_task(wait_for_stop())
    try:
        await server.serve(sockets=[listener])
    finally:
        waiter.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await waiter
        listener.close()
