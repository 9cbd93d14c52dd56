"""The backend and its sandbox in one process, joined by their ASGI doors: real routes, real signatures, real SQLite."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from backend.app import create_app
from backend.contract.kiosk_api import API_PREFIX
from backend.db.engine import writing
from backend.devices.service import issue_token
from backend.sandbox.app import create_sandbox_app
from backend.sandbox.settings import SandboxSettings
from backend.settings import BackendSettings
from content.build import CATALOGUE, build

BACKEND = "http://backend.invalid"
SANDBOX = "http://sandbox.invalid"


class Streets(httpx.AsyncBaseTransport):
    """Leads each request to the app of its host; `fault` may raise instead, before or after the app has worked."""

    def __init__(self) -> None:
        self.doors: dict[str, httpx.ASGITransport] = {}
        self.fault: Callable[[httpx.Request, httpx.Response | None], None] = lambda request, response: None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.fault(request, None)
        door = self.doors.get(request.url.host)
        if door is None:
            raise httpx.ConnectError("nobody lives there")
        response = await door.handle_async_request(request)
        self.fault(request, response)
        return response


@dataclass
class House:
    settings: BackendSettings
    backend: FastAPI
    sandbox: FastAPI
    streets: Streets
    tokens: dict[str, str] = field(default_factory=dict)

    async def call(self, method: str, path: str, body: Any = None, kiosk: str = "kiosk-1") -> httpx.Response:
        """One request of a kiosk; `path` below /api/kiosk/v1."""
        headers = {"Authorization": f"Bearer {self.tokens[kiosk]}"}
        async with httpx.AsyncClient(transport=self.streets, base_url=BACKEND) as client:
            return await client.request(method, API_PREFIX + path, json=body, headers=headers)

    async def sandbox_call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        async with httpx.AsyncClient(transport=self.streets, base_url=SANDBOX) as client:
            return await client.request(method, path, json=body)

    async def control(self, **change: Any) -> None:
        response = await self.sandbox_call("POST", "/control", change)
        assert response.status_code == 200, response.text

    async def pay(self, qr_code: str, outcome: str = "success") -> httpx.Response:
        return await self.sandbox_call("POST", "/wallet/pay", {"qr_code": qr_code, "outcome": outcome})


def make_pack(directory: Path) -> Path:
    """The real catalogue, compiled, with a template of the test's own."""
    source = directory / "content"
    shutil.copytree(CATALOGUE, source / "catalogue", dirs_exist_ok=True)
    (source / "templates").mkdir(exist_ok=True)
    (source / "templates" / "social-insurance-enrolment.typ").write_text("= 证明\n", "utf-8")
    build(source / "catalogue", directory / "pack")
    return directory / "pack"


@asynccontextmanager
async def open_house(directory: Path, pack: Path, *, sweeping: bool = False, **settings: Any) -> AsyncIterator[House]:
    """A house whose rooms are under `directory`. Without `sweeping` the sweeper is only moved by hand."""
    streets = Streets()
    backend_settings = BackendSettings(
        var_dir=directory / "backend",
        sandbox_dir=directory / "sandbox",
        content_dir=pack,
        public_url=BACKEND,
        exchange_url=f"{SANDBOX}/exchange",
        alipay_gateway=f"{SANDBOX}/alipay/gateway.do",
        sweep_interval_s=0.05 if sweeping else 3600,
        **settings,
    )
    sandbox_settings = SandboxSettings(
        var_dir=directory / "sandbox",
        merchant_public_key=directory / "backend" / "alipay_merchant_public.pem",
        notify_minute_s=0.01,
    )
    sandbox = create_sandbox_app(sandbox_settings, transport=streets)
    backend = create_app(backend_settings, transport=streets)
    streets.doors = {"backend.invalid": httpx.ASGITransport(backend), "sandbox.invalid": httpx.ASGITransport(sandbox)}
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(sandbox.router.lifespan_context(sandbox))
        await stack.enter_async_context(backend.router.lifespan_context(backend))
        house = House(backend_settings, backend, sandbox, streets)
        for kiosk in ("kiosk-1", "kiosk-2"):
            async with writing(backend.state.sessions) as session:
                house.tokens[kiosk] = await issue_token(session, kiosk, "测试点")
        yield house
