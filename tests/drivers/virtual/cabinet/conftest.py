"""A whole cabinet on free ports, in a thread of its own, and stand-ins for what it talks to."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from drivers.virtual.cabinet.app import serve
from drivers.virtual.cabinet.cabinet import Cabinet
from drivers.virtual.cabinet.client import CabinetClient
from drivers.virtual.cabinet.settings import CabinetSettings

START_S = 60.0


@dataclass
class FakeSandbox:
    """Answers as the sandbox does: messages, open offers, the wallet."""

    url: str = ""
    messages: list[dict[str, str]] = field(default_factory=list)
    offers: list[str] = field(default_factory=list)
    payments: list[dict[str, str]] = field(default_factory=list)

    def get(self, path: str) -> tuple[int, Any]:
        if path == "/phone/messages":
            return 200, self.messages
        if path == "/wallet/qr":
            return 200, [{"qr_code": offer, "amount": "43.40"} for offer in self.offers]
        return 404, {}

    def post(self, path: str, body: dict[str, str]) -> tuple[int, Any]:
        if path != "/wallet/pay":
            return 404, {}
        paid_before = any(p["qr_code"] == body["qr_code"] and p["outcome"] == "success" for p in self.payments)
        self.payments.append(body)
        if paid_before:
            return 409, {"paid": False, "reason": "ACQ.TRADE_HAS_SUCCESS"}
        return 200, {"paid": body["outcome"] == "success", "amount": "43.40", "refused": None}


@pytest.fixture(scope="session")
def sandbox() -> Iterator[FakeSandbox]:
    fake = FakeSandbox()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(*fake.get(self.path))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._answer(*fake.post(self.path, body))

        def _answer(self, status: int, body: Any) -> None:
            raw = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield fake
    server.shutdown()
    server.server_close()


@dataclass
class Running:
    cabinet: Cabinet
    url: str
    dir: Path


def run_cabinet(settings: CabinetSettings) -> tuple[Running, Callable[[], None]]:
    """Start in a thread; returns when it answers, with the function that stops it."""
    started = threading.Event()
    found: list[Cabinet] = []
    stop = asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    def ready(cabinet: Cabinet) -> None:
        loops.append(asyncio.get_running_loop())
        found.append(cabinet)
        started.set()

    pool = ThreadPoolExecutor(1)
    done = pool.submit(asyncio.run, serve(settings, ready=ready, stop=stop))
    done.add_done_callback(lambda _: started.set())
    assert started.wait(START_S)
    if not found:
        done.result()

    def end() -> None:
        loops[0].call_soon_threadsafe(stop.set)
        done.result(START_S)
        pool.shutdown()

    url = f"http://127.0.0.1:{found[0].settings.port}"
    return Running(found[0], url, settings.run_dir), end


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory, sandbox: FakeSandbox) -> Iterator[Running]:
    run_dir = tmp_path_factory.mktemp("cabinet")
    settings = CabinetSettings(
        port=0, network_port=0, run_dir=run_dir, sandbox_url=sandbox.url, speed=20, fbdir=run_dir / "screen"
    )
    (run_dir / "screen").mkdir()
    house, end = run_cabinet(settings)
    yield house
    end()


@pytest.fixture
def hands(running: Running) -> Iterator[CabinetClient]:
    with CabinetClient(running.url) as client:
        client.reset()
        yield client
