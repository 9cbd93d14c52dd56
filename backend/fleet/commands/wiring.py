"""How this package joins the app."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

from fastapi import APIRouter, FastAPI

from backend.fleet.commands.artifacts import ArtifactStore, retire
from backend.fleet.commands.leases import sweep
from backend.fleet.commands.routes import kiosks, router
from backend.fleet.commands.upload import UploadDoor
from backend.fleet.commands.wait import WaitDoor
from backend.operations.jobs import Jobs, Lease
from backend.settings import BackendSettings

ROUTERS: tuple[APIRouter, ...] = (router, kiosks)


@asynccontextmanager
async def opened(app: FastAPI, settings: BackendSettings, jobs: Jobs) -> AsyncIterator[None]:
    """While the app runs. `app.state.sessions` is there; jobs are added here and started afterwards."""
    store = ArtifactStore(settings.var_dir / "artifacts")
    app.state.artifacts = store

    async def end_expired(_lease: Lease) -> None:
        await sweep(app.state.sessions, datetime.now(UTC))

    async def retire_files(_lease: Lease) -> None:
        await retire(app.state.sessions, store, datetime.now(UTC))

    jobs.add("commands", every_s=5, run=end_expired)
    jobs.add("artifacts", every_s=3600, run=retire_files, lease_s=300)
    wait = WaitDoor(app.state.sessions)
    app.state.wait_door = wait
    app.state.upload_door = UploadDoor(app.state.sessions, store)
    rounds = asyncio.create_task(wait.run())
    try:
        yield
    finally:
        rounds.cancel()
        with suppress(asyncio.CancelledError):
            await rounds
