"""How this package joins the app."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import structlog
from fastapi import APIRouter, FastAPI
from sqlalchemy import func, select

from backend.contract.fleet_api import IdentityState
from backend.db.engine import Sessions
from backend.fleet.heartbeat.batches import Batches
from backend.fleet.heartbeat.door import HeartbeatDoor
from backend.fleet.heartbeat.doubts import DatabaseDoubts
from backend.fleet.heartbeat.orders import DatabaseOrders
from backend.fleet.heartbeat.pace import Pace
from backend.fleet.heartbeat.regional import apply, router
from backend.fleet.heartbeat.rows import Store
from backend.fleet.heartbeat.settings import HeartbeatSettings
from backend.fleet.heartbeat.sqlite import SqliteStore
from backend.fleet.models import Kiosk
from backend.fleet.settings import FleetSettings
from backend.fleet.silence import RENEWED_EVERY_S, declare_silent, listening
from backend.operations.jobs import Jobs, Lease
from backend.settings import BackendSettings

log = structlog.get_logger()

ROUTERS: tuple[APIRouter, ...] = (router,)
_COUNT_EVERY_S = 60.0


@asynccontextmanager
async def opened(app: FastAPI, settings: BackendSettings, jobs: Jobs) -> AsyncIterator[None]:
    """While the app runs. `app.state.heartbeat_door` takes heartbeats."""
    options = HeartbeatSettings()
    store = make_store(app, options)
    orders = DatabaseOrders(
        app.state.sessions, lambda: getattr(app.state, "rollout_orders", None), lambda: datetime.now(UTC)
    )
    batches = Batches(store, DatabaseDoubts(app.state.sessions), orders, Pace(FleetSettings().heartbeat_s), options)
    app.state.heartbeats = batches
    app.state.heartbeat_door = HeartbeatDoor(batches, options)

    async def find_silent(_lease: Lease) -> None:
        await declare_silent(app.state.sessions, datetime.now(UTC))

    async def set_pace(_lease: Lease) -> None:
        await apply(app.state.sessions)

    jobs.add("silence", every_s=10, run=find_silent)
    jobs.add("pace", every_s=60, run=set_pace)
    tasks = [asyncio.create_task(batches.run())]
    if getattr(app.state, "takes_heartbeats", False):  # set by the doors; a worker has none
        tasks.append(asyncio.create_task(_listen(app.state.sessions)))
        tasks.append(asyncio.create_task(_count(app.state.sessions, batches, options.polls_up_to)))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await store.close()


async def _count(sessions: Sessions, batches: Batches, polls_up_to: int) -> None:
    """A long poll costs the memory of a second connection on every side: a small fleet has it, a province does not."""
    while True:
        try:
            async with sessions() as session:
                enrolled = await session.scalar(
                    select(func.count()).select_from(Kiosk).where(Kiosk.identity == IdentityState.ENROLLED.value)
                )
            batches.polls = (enrolled or 0) <= polls_up_to
        except Exception as error:  # noqa: BLE001 - the database is away: as it was
            log.warning("kiosks_not_counted", error=type(error).__name__)
        await asyncio.sleep(_COUNT_EVERY_S)


async def _listen(sessions: Sessions) -> None:
    while True:
        try:
            await listening(sessions, datetime.now(UTC))
        except Exception as error:  # noqa: BLE001 - the database is away: then the desk is deaf, and that is the point
            log.warning("listening_failed", error=type(error).__name__)
        await asyncio.sleep(RENEWED_EVERY_S)


def make_store(app: FastAPI, options: HeartbeatSettings) -> Store:
    if app.state.engine.dialect.name == "postgresql":
        from backend.fleet.heartbeat.postgres import PostgresStore  # a desk on SQLite needs no asyncpg

        return PostgresStore(app.state.engine, options.database_s)
    return SqliteStore(app.state.sessions)
