"""POST /assistance/calls, POST /assistance/badge."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Request

from backend.assistance import badges
from backend.assistance.calls import CallService
from backend.assistance.settings import AssistanceSettings
from backend.contract.kiosk_api import API_PREFIX
from backend.contract.service_api import CallReceipt, CallRequest, Helper, HelperBadge
from backend.deps import CurrentKiosk, CurrentSessions, DbSession
from backend.identity.runtime import vault_of
from backend.operations.jobs import Jobs
from backend.places import place_of
from backend.rates import Asked, rates_of

router = APIRouter(prefix=f"{API_PREFIX}/assistance", tags=["assistance"])


@router.post("/calls")
async def call(request: Request, kiosk: CurrentKiosk, sessions: CurrentSessions, wanted: CallRequest) -> CallReceipt:
    rates_of(request.app).count(kiosk.kiosk_id, Asked.CALLS, wanted.intent_id)
    jobs: Jobs = request.app.state.jobs
    return await CallService(sessions, lambda: jobs.wake("alerts")).call(kiosk, wanted)


@router.post("/badge")
async def badge(request: Request, kiosk: CurrentKiosk, session: DbSession, shown: HelperBadge) -> Helper:
    joins = timedelta(minutes=AssistanceSettings().help_min)
    place = await place_of(session, kiosk)
    helper = await badges.show(
        session, vault_of(request.app), shown.badge, kiosk.kiosk_id, place, joins, datetime.now(UTC)
    )
    await session.commit()
    return helper
