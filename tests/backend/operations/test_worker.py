"""The worker as a process: several side by side, told to systemd, gone without keeping a lease."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from backend.db.engine import make_engine, make_sessions
from backend.operations.jobs import JobLease
from backend.operations.service_manager import told
from tests.postgres import fresh_postgres

_PATIENCE_S = 100  # seconds


@contextmanager
def _worker(tmp_path: Path, pack: Path, database: str, number: int) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    at = tmp_path / f"worker-{number}.sock"
    environment = {
        **os.environ,
        "MENKOU_BACKEND_VAR_DIR": str(tmp_path / "backend"),
        "MENKOU_BACKEND_SANDBOX_DIR": str(tmp_path / "sandbox"),
        "MENKOU_BACKEND_CONTENT_DIR": str(pack),
        "MENKOU_BACKEND_DATABASE_URL": database,
        "MENKOU_OPERATIONS_WORKER_SOCKET": str(at),
        "NOTIFY_SOCKET": str(tmp_path / "notify"),
        "WATCHDOG_USEC": "3000000",
    }
    environment.pop("WATCHDOG_PID", None)
    code = "from backend.cli import app; app(['worker'])"
    with (tmp_path / f"worker-{number}.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-c", code], env=environment, stderr=log)
    try:
        yield process, at
    finally:
        process.kill()
        process.wait()


@pytest.mark.timeout(300)
async def test_two_workers(tmp_path: Path, pack: Path) -> None:
    database = fresh_postgres()
    systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    systemd.bind(str(tmp_path / "notify"))
    systemd.settimeout(_PATIENCE_S)
    said: list[bytes] = []
    with ExitStack() as stack:
        stack.enter_context(systemd)
        first, at = stack.enter_context(_worker(tmp_path, pack, database, 1))
        while b"READY=1" not in said:
            said.append(systemd.recv(100))
        second, also_at = stack.enter_context(_worker(tmp_path, pack, database, 2))
        while said.count(b"READY=1") < 2 or b"WATCHDOG=1" not in said:
            said.append(systemd.recv(100))
        for path in (at, also_at):
            assert _get(path, "/healthz").json() == {"status": "ok"}
            ready = _get(path, "/readyz")
            assert ready.json() == {"ready": True, "problems": []}
            assert b"menkou_database_up 1.0" in _get(path, "/metrics").content
        assert at.stat().st_mode & 0o007 == 0, "for our own user and group"
        for process in (first, second):
            process.send_signal(signal.SIGTERM)
        assert [process.wait(_PATIENCE_S) for process in (first, second)] == [0, 0]
        while b"STOPPING=1" not in said:
            said.append(systemd.recv(100))
    engine = make_engine(database)
    async with make_sessions(engine)() as session:
        held = list(await session.scalars(select(JobLease.name).where(JobLease.until.is_not(None))))
    await engine.dispose()
    assert held == [], "the leases are given back"


def _get(path: Path, page: str) -> httpx.Response:
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            with httpx.Client(transport=httpx.HTTPTransport(uds=str(path)), base_url="http://worker") as client:
                return client.get(page, timeout=20)
        except httpx.TransportError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.mark.parametrize(
    "environment",
    [{}, {"NOTIFY_SOCKET": "vsock:2:1"}, {"NOTIFY_SOCKET": "/nowhere/at/all", "WATCHDOG_USEC": "x"}],
)
async def test_without_systemd(environment: dict[str, Any]) -> None:
    async with told(environment):
        pass
