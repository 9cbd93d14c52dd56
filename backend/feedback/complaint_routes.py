"""POST /complaints."""

from __future__ import annotations

from fastapi import APIRouter, Request

from backend.contract.kiosk_api import API_PREFIX
from backend.contract.service_api import ComplaintReceipt, ComplaintRequest
from backend.deps import CurrentCatalogue, CurrentKiosk, CurrentSessions
from backend.feedback.complaints import ComplaintService
from backend.feedback.filing import JOB
from backend.feedback.settings import FeedbackSettings
from backend.identity.runtime import vault_of
from backend.operations.jobs import Jobs
from backend.rates import Asked, rates_of

router = APIRouter(prefix=API_PREFIX, tags=["feedback"])


@router.post("/complaints")
async def complain(
    request: Request,
    kiosk: CurrentKiosk,
    sessions: CurrentSessions,
    catalogue: CurrentCatalogue,
    complaint: ComplaintRequest,
) -> ComplaintReceipt:
    rates_of(request.app).count(kiosk.kiosk_id, Asked.COMPLAINTS, complaint.intent_id)
    jobs: Jobs = request.app.state.jobs
    service = ComplaintService(
        sessions, catalogue, vault_of(request.app), FeedbackSettings(), tell=lambda: jobs.wake(JOB)
    )
    return await service.take(kiosk, complaint)
