"""POST /scans: the picture itself as the body."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from backend.cases.settings import CasesSettings
from backend.contract.kiosk_api import API_PREFIX
from backend.contract.service_api import ScanKept
from backend.deps import CurrentKiosk, CurrentSessions, CurrentSettings
from backend.identity.runtime import vault_of
from backend.scans.files import ScanFiles
from backend.scans.pictures import MAX_BYTES
from backend.scans.service import ScanService

# The only kiosk request that may be larger than the app's limit.
router = APIRouter(prefix=f"{API_PREFIX}/scans", tags=["scans"], max_body_size=MAX_BYTES)


def get_scans(request: Request, sessions: CurrentSessions, settings: CurrentSettings) -> ScanService:
    own: CasesSettings = request.app.state.cases_settings
    return ScanService(
        sessions,
        ScanFiles(settings.var_dir, vault_of(request.app)),
        keep=timedelta(hours=own.scan_hours),
        most=own.scans_per_kiosk,
        floor=own.scan_disk_floor_mib << 20,
    )


Scans = Annotated[ScanService, Depends(get_scans)]


@router.post("")
async def add(kiosk: CurrentKiosk, scans: Scans, request: Request) -> ScanKept:
    return await scans.add(kiosk.kiosk_id, await request.body())
