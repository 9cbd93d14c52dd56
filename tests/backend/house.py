"""The backend and its sandbox in one process, joined by their ASGI doors: real routes, real signatures,
a real database."""

from __future__ import annotations

import asyncio
import atexit
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from copy import copy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
from fastapi import FastAPI
from sqlalchemy import make_url, select
from sqlalchemy.orm import make_transient

from backend.app import create_app
from backend.contract.kiosk_api import API_PREFIX
from backend.db.engine import make_engine, make_sessions, writing
from backend.db.migrate import migrate
from backend.devices.models import Device
from backend.devices.service import issue_token
from backend.payments.keys import AlipayKeys, open_keys
from backend.sandbox.app import create_sandbox_app
from backend.sandbox.gateway_keys import GatewayKeys
from backend.sandbox.settings import SandboxSettings
from backend.settings import BackendSettings
from content.build import CATALOGUE, build
from tests.postgres import fresh_postgres

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
    tokens: dict[str, str]

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
    for name in ("social-insurance-enrolment", "record-sheet"):
        (source / "templates" / f"{name}.typ").write_text("= 证明\n", "utf-8")
    build(source / "catalogue", directory / "pack")
    return directory / "pack"


@cache
def _worn_in() -> Path:
    """Keys and an empty, migrated database, made once: RSA keys and migrations are slow."""
    directory = Path(tempfile.mkdtemp(prefix="menkou-test-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    settings = BackendSettings(var_dir=directory / "backend", sandbox_dir=directory / "sandbox")
    settings.var_dir.mkdir()
    open_keys(settings)
    GatewayKeys.open(directory / "sandbox", directory / "none")
    with ThreadPoolExecutor(1) as pool:  # a loop of its own: tests call this from theirs
        tokens = pool.submit(asyncio.run, _furnish(settings)).result()
    (directory / "tokens.json").write_text(json.dumps(tokens))
    return directory


def migrated_sqlite() -> Path:
    """A migrated database file to be copied."""
    return _worn_in() / "backend" / "menkou.sqlite3"


def furnished_postgres() -> str:
    """The URL of a PostgreSQL database that knows the same kiosks as the SQLite file."""
    return fresh_postgres(template=_furnished_template())


@cache
def _furnished_template() -> str:
    url = fresh_postgres()
    source = f"sqlite+aiosqlite:///{migrated_sqlite()}"
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, _copy_devices(source, url)).result()
    return str(make_url(url).database)


async def _copy_devices(source: str, target: str) -> None:
    old, new = make_engine(source), make_engine(target)
    async with make_sessions(old)() as reading, make_sessions(new)() as session:
        for device in await reading.scalars(select(Device)):
            reading.expunge(device)
            make_transient(device)
            session.add(device)
        await session.commit()
    await old.dispose()
    await new.dispose()


async def _furnish(settings: BackendSettings) -> dict[str, str]:
    engine = make_engine(settings.effective_database_url)
    await migrate(engine)
    tokens = {}
    for kiosk in ("kiosk-1", "kiosk-2"):
        async with writing(make_sessions(engine)) as session:
            tokens[kiosk] = await issue_token(session, kiosk, "测试点")
    await engine.dispose()
    return tokens


@cache
def _keys() -> tuple[AlipayKeys, GatewayKeys]:
    """The worn-in keys, read once: checking an RSA key takes longer than most tests."""
    rooms = _worn_in()
    settings = BackendSettings(var_dir=rooms / "backend", sandbox_dir=rooms / "sandbox")
    merchant_file = settings.var_dir / "alipay_merchant_public.pem"
    return open_keys(settings), GatewayKeys.open(settings.sandbox_dir, merchant_file)


@asynccontextmanager
async def open_house(directory: Path, pack: Path, *, sweeping: bool = False, **settings: Any) -> AsyncIterator[House]:
    """A house whose rooms are under `directory`. Without `sweeping` the sweeper is only moved by hand."""
    if not (directory / "backend").exists():
        shutil.copytree(_worn_in(), directory, dirs_exist_ok=True)
    streets = Streets()
    backend_settings = BackendSettings(
        var_dir=directory / "backend",
        sandbox_dir=directory / "sandbox",
        content_dir=pack,
        public_url=BACKEND,
        exchange_url=f"{SANDBOX}/exchange",
        alipay_gateway=f"{SANDBOX}/alipay/gateway.do",
        sweep_interval_s=0.05 if sweeping else 3600,
        **({"jobs": False} | settings),  # a test reads and then writes: nobody else may write in between
    )
    sandbox_settings = SandboxSettings(
        var_dir=directory / "sandbox",
        merchant_public_key=directory / "backend" / "alipay_merchant_public.pem",
        notify_minute_s=0.01,
    )
    merchant, gateway = _keys()
    with patch.object(GatewayKeys, "open", lambda *_: copy(gateway)):
        sandbox = create_sandbox_app(sandbox_settings, transport=streets)
    backend = create_app(backend_settings, transport=streets)
    streets.doors = {"backend.invalid": httpx.ASGITransport(backend), "sandbox.invalid": httpx.ASGITransport(sandbox)}
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(sandbox.router.lifespan_context(sandbox))
        with patch("backend.payments.wiring.open_keys", lambda _: copy(merchant)):
            await stack.enter_async_context(backend.router.lifespan_context(backend))
        if not sweeping:
            backend.state.sweeper.wake = lambda: None
        yield House(backend_settings, backend, sandbox, streets, json.loads((directory / "tokens.json").read_text()))
