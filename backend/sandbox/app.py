"""The sandbox as an ASGI app of its own, apart from the backend that talks to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI, Request

from backend.sandbox import alipay, exchange, licences, phone
from backend.sandbox.exchange import Gatekeeper
from backend.sandbox.gateway_keys import GatewayKeys
from backend.sandbox.notify import Notifier
from backend.sandbox.settings import SandboxSettings
from backend.sandbox.state import Control, Faults, SandboxState
from backend.sandbox.trades import Trades
from backend.settings import BackendSettings


def create_sandbox_app(
    settings: SandboxSettings | None = None, *, transport: httpx.AsyncBaseTransport | None = None
) -> FastAPI:
    """The app. Raises RuntimeError in production. `transport` carries the notifications (tests hand in their own)."""
    settings = settings or SandboxSettings()
    if "production" in (settings.environment, BackendSettings().environment):
        raise RuntimeError("the sandbox pretends to be Alipay and the departments; it does not run in production")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with httpx.AsyncClient(transport=transport, trust_env=False) as client:
            app.state.notifier = Notifier(settings, app.state.sandbox, app.state.keys, client)
            yield
            await app.state.notifier.aclose()

    app = FastAPI(
        title="Menkou sandbox",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.settings = settings
    app.state.sandbox = SandboxState()
    app.state.keys = GatewayKeys.open(settings.var_dir, settings.merchant_public_key)
    app.state.trades = Trades(settings.var_dir / "trades.json", settings.minute_s)
    app.state.gatekeeper = Gatekeeper(settings.exchange_key.get_secret_value().encode())
    for module in (exchange, alipay, phone, licences):
        app.include_router(module.router)

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/control")
    async def faults(request: Request) -> Faults:
        """The faults that are set."""
        state: SandboxState = request.app.state.sandbox
        return state.faults

    @app.post("/control")
    async def control(change: Control, request: Request) -> Faults:
        """Set faults, or reset everything the departments remember."""
        state: SandboxState = request.app.state.sandbox
        state.apply(change)
        return state.faults

    return app
