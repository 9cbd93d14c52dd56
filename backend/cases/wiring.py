"""How applications, with their drafts, scans and prefills, join the app."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from fastapi import APIRouter, FastAPI

from backend.cases.handover import JOB, Handover
from backend.cases.reference import Reference
from backend.cases.retention import Retention
from backend.cases.routes import router as cases
from backend.cases.settings import CasesSettings
from backend.cases.status import StatusService
from backend.drafts.routes import router as drafts
from backend.drafts.service import DraftService
from backend.identity.runtime import vault_of
from backend.operations.jobs import Jobs, Lease
from backend.prefill.routes import router as prefill
from backend.scans.files import ScanFiles
from backend.scans.routes import router as scans
from backend.scans.service import ScanService
from backend.settings import BackendSettings

ROUTERS: tuple[APIRouter, ...] = (cases, drafts, scans, prefill)


@asynccontextmanager
async def opened(app: FastAPI, settings: BackendSettings, jobs: Jobs) -> AsyncIterator[None]:
    """While the app runs. `app.state.sessions`, `.exchange` and `.catalogue` are there; jobs are started afterwards."""
    own = CasesSettings()
    sessions, vault, catalogue = app.state.sessions, vault_of(app), app.state.catalogue
    handover = Handover(sessions, app.state.exchange, timeout_s=own.handover_timeout_s)
    keep = timedelta(hours=own.scan_hours)
    kept = ScanService(sessions, ScanFiles(settings.var_dir, vault), keep=keep, most=own.scans_per_kiosk)
    saved = DraftService(sessions, catalogue, vault, keep=timedelta(days=own.draft_days), most=own.drafts_per_person)
    contents = Retention(sessions, timedelta(days=own.content_days))
    status = StatusService(sessions, vault, own)

    async def purge(lease: Lease) -> None:
        await saved.purge(lease)
        await kept.purge(lease)
        await status.purge(lease)
        await contents.purge(lease)

    app.state.cases_settings, app.state.case_handover = own, handover
    await asyncio.to_thread(Reference(catalogue).warm_up)
    jobs.add(JOB, own.handover_s, handover.run, lease_s=600)
    jobs.add("cases.purge", 600, purge, lease_s=600)
    yield
