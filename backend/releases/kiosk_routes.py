"""The kiosks' side of rollouts."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse
from sqlalchemy import select

from backend.contract.fleet_api import FLEET_PREFIX, FleetProblem, RolloutReport
from backend.deps import CurrentKiosk, CurrentSessions, DbSession
from backend.fleet.wire import FleetRefused, read
from backend.releases.models import Release, Rollout, RolloutMember
from backend.releases.payloads import PayloadStore
from backend.releases.reports import take_report

router = APIRouter(prefix=FLEET_PREFIX, tags=["fleet: rollouts"])


@router.post("/rollouts/{rollout_id}/report", status_code=204)
async def report(rollout_id: str, kiosk: CurrentKiosk, session: DbSession, request: Request) -> Response:
    """Where this kiosk is with it."""
    said = await read(request, RolloutReport)
    if not await take_report(session, rollout_id, kiosk.kiosk_id, said, datetime.now(UTC)):
        raise FleetRefused(FleetProblem.NOT_FOUND, "this kiosk is not in that rollout")
    await session.commit()
    return Response(status_code=204)


@router.get("/releases/{release_id}/payload")
async def payload(release_id: str, kiosk: CurrentKiosk, sessions: CurrentSessions, request: Request) -> Response:
    """The bytes, whole or a range of them: for members of a rollout of this release only."""
    async with sessions() as session:  # closed before the file is sent
        sha256 = await session.scalar(
            select(Release.sha256)
            .join(Rollout, Rollout.release_id == Release.release_id)
            .join(RolloutMember, RolloutMember.rollout_id == Rollout.rollout_id)
            .where(Release.release_id == release_id, RolloutMember.kiosk_id == kiosk.kiosk_id)
            .limit(1)
        )
    store: PayloadStore = request.app.state.payloads
    if sha256 is None or not store.path(sha256).is_file():
        raise FleetRefused(FleetProblem.NOT_FOUND, "no such release for this kiosk")
    return FileResponse(store.path(sha256), media_type="application/octet-stream", headers={"ETag": f'"{sha256}"'})
