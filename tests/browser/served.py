"""A desk served on a loopback port, for a browser or anybody who speaks HTTP.

with served(database_url, tmp_path, pack) as desk:
    page = signed_in(browser, desk, OPERATOR)
    page.goto(f"{desk.url}/console/")
    assert page.complaints == []            # the browser's console, the policy, failed requests
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from backend.app import create_app
from backend.db.engine import Sessions, make_engine, make_sessions, writing
from backend.fleet.seed import seed_province
from backend.settings import BackendSettings
from tests.backend.desk import Believing
from tests.browser.past import invent_days
from tests.browser.province import bring_to_life


@dataclass
class Served:
    url: str
    app: FastAPI
    gate: Believing
    database: str

    def run(self, work: Callable[[Sessions], Coroutine[Any, Any, Any]]) -> Any:
        """Do something to the database behind the desk's back: `work(sessions)`, in a loop and engine of its own."""
        return on_database(self.database, work)


def on_database(database: str, work: Callable[[Sessions], Coroutine[Any, Any, Any]]) -> Any:
    async def in_loop() -> Any:
        engine = make_engine(database)
        try:
            return await work(make_sessions(engine))
        finally:
            await engine.dispose()

    with ThreadPoolExecutor(1) as pool:  # the caller may have a loop of its own
        return pool.submit(asyncio.run, in_loop()).result()


def populate(database: str, share: float, days: int = 0) -> None:
    """The invented province, alive, with so many days behind it. The database must be migrated."""

    async def work(sessions: Sessions) -> None:
        async with writing(sessions) as session:
            await seed_province(session, share)
            await session.commit()
        async with writing(sessions) as session:
            await bring_to_life(session)
            await invent_days(session, days)
            await session.commit()

    on_database(database, work)


@contextmanager
def served(database: str, directory: Path, pack: Path) -> Iterator[Served]:
    """The desk, while the block runs. Background jobs do not run by themselves."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    settings = BackendSettings(
        var_dir=directory / "backend",
        sandbox_dir=directory / "sandbox",
        content_dir=pack,
        database_url=database,
        public_url=url,
        sweep_interval_s=3600,
        jobs=False,
    )
    app = create_app(settings, transport=httpx.MockTransport(lambda request: httpx.Response(503)))
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, access_log=False, lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 60
    while not server.started:
        if not thread.is_alive() or time.monotonic() > until:
            raise RuntimeError("the desk did not start")
        time.sleep(0.02)
    gate = Believing()
    app.state.gate = gate
    try:
        yield Served(url, app, gate, database)
    finally:
        server.should_exit = True
        thread.join(15)
