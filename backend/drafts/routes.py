"""POST /drafts and /drafts/open."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from backend.cases.settings import CasesSettings
from backend.contract.kiosk_api import API_PREFIX
from backend.contract.service_api import Draft, DraftSaved, DraftToOpen, DraftToSave
from backend.deps import CurrentCatalogue, CurrentKiosk, CurrentSessions
from backend.drafts.service import DraftService
from backend.identity.runtime import vault_of
from backend.rates import Asked, rates_of

router = APIRouter(prefix=f"{API_PREFIX}/drafts", tags=["drafts"])


def get_drafts(request: Request, sessions: CurrentSessions, catalogue: CurrentCatalogue) -> DraftService:
    own: CasesSettings = request.app.state.cases_settings
    return DraftService(
        sessions,
        catalogue,
        vault_of(request.app),
        keep=timedelta(days=own.draft_days),
        most=own.drafts_per_person,
    )


Drafts = Annotated[DraftService, Depends(get_drafts)]


@router.post("")
async def save(request: Request, kiosk: CurrentKiosk, drafts: Drafts, draft: DraftToSave) -> DraftSaved:
    rates_of(request.app).count(kiosk.kiosk_id, Asked.DRAFTS)
    return await drafts.save(kiosk.kiosk_id, draft)


@router.post("/open")
async def open_draft(request: Request, kiosk: CurrentKiosk, drafts: Drafts, draft: DraftToOpen) -> Draft:
    rates_of(request.app).count(kiosk.kiosk_id, Asked.DRAFTS)
    return await drafts.open(kiosk.kiosk_id, draft)
