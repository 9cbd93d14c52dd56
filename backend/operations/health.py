"""Is this process fit to be asked? /healthz: it answers. /readyz: and it can work; the reasons if it cannot."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from backend.db.engine import writing
from backend.db.faults import DatabaseFault, fault_of
from backend.db.migrate import current_revision, schema_problem
from backend.operations.jobs import JobLease
from backend.operations.settings import OperationsSettings

router = APIRouter(tags=["health"])

_PATIENCE_S = 5.0
_PROBE = "readyz"  # a row of job_lease that only says that it could be written
_WRITTEN_S = 5.0


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(request: Request) -> JSONResponse:
    """The database answers, is of our schema and can be written to, there is room and content; 503 with the reasons
    otherwise."""
    return ready(await problems(request.app.state))


def ready(found: list[str]) -> JSONResponse:
    return JSONResponse({"ready": not found, "problems": found}, 503 if found else 200)


async def problems(state: Any) -> list[str]:
    """Why this process cannot work, as sentences that say what to do; empty if it can. `state`: the app's."""
    found = await _database(state)
    room = await asyncio.to_thread(_room, state.settings.var_dir, OperationsSettings().min_free_mib)
    if room is not None:
        found.append(room)
    if state.catalogue.problem:
        found.append(state.catalogue.problem)
    return found


async def _database(state: Any) -> list[str]:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            problem = schema_problem(await current_revision(state.engine))
            if problem is not None:
                return [problem]
            await _write(state)
    except TimeoutError:
        return [f"database: no answer within {_PATIENCE_S:.0f} s"]
    except Exception as error:  # noqa: BLE001 - whatever it is, we are not ready
        if fault_of(error) is DatabaseFault.FULL:
            return ["database: its disk is full: make room"]
        return [f"database: {type(error).__name__}"]
    return []


async def _write(state: Any) -> None:
    """A database that can be read but not written to (a full disk, a standby) is of no use to us. Only a commit tells;
    whoever asks all the time is answered from memory."""
    if time.monotonic() - getattr(state, "wrote_at", float("-inf")) < _WRITTEN_S:
        return
    async with writing(state.sessions) as session:
        done = await session.execute(
            update(JobLease).where(JobLease.name == _PROBE).values(fence=JobLease.fence + 1).returning(JobLease.fence)
        )
        if done.scalar() is None:
            session.add(JobLease(name=_PROBE, fence=1))
        with contextlib.suppress(IntegrityError):  # another process has just made the row
            await session.commit()
    state.wrote_at = time.monotonic()


def _room(folder: Path, wanted_mib: int) -> str | None:
    try:
        free = shutil.disk_usage(folder).free >> 20
    except OSError as error:
        return f"disk: {folder.name}: {type(error).__name__}"
    return f"disk: {free} MiB free where the files are, {wanted_mib} MiB wanted" if free < wanted_mib else None
