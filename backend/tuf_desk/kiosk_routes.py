"""What kiosks fetch: signed metadata, and files by their digest."""

from __future__ import annotations

import re

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse
from starlette.concurrency import run_in_threadpool

from backend.contract.fleet_api import FLEET_PREFIX, FleetProblem
from backend.deps import CurrentKiosk
from backend.fleet.wire import FleetRefused
from backend.tuf_desk.repository import TufDesk

router = APIRouter(prefix=f"{FLEET_PREFIX}/tuf", tags=["fleet: signed content"])

_DIGEST = re.compile(r"[0-9a-f]{64}")
_FOR_EVER = "private, max-age=31536000, immutable"


@router.get("/metadata/{name}")
async def metadata(name: str, kiosk: CurrentKiosk, request: Request) -> FileResponse:
    """`timestamp.json`, `N.snapshot.json`, `N.targets.json`, `N.root.json`."""
    desk: TufDesk = request.app.state.tuf
    path = await run_in_threadpool(desk.metadata, name)
    if path is None:
        raise FleetRefused(FleetProblem.NOT_FOUND, "no such metadata")
    caching = "no-store" if name == "timestamp.json" else _FOR_EVER
    return FileResponse(path, media_type="application/json", headers={"Cache-Control": caching})


@router.get("/content/objects/{sha256}")
async def content(sha256: str, kiosk: CurrentKiosk, request: Request) -> FileResponse:
    """A file of some content release, whole or a range of it."""
    desk: TufDesk = request.app.state.tuf
    path = desk.objects.path(sha256)
    if not _DIGEST.fullmatch(sha256) or not await run_in_threadpool(path.is_file):
        raise FleetRefused(FleetProblem.NOT_FOUND, "no such file")
    headers = {"ETag": f'"{sha256}"', "Cache-Control": _FOR_EVER}
    return FileResponse(path, media_type="application/octet-stream", headers=headers)
