"""POST /prefill."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from backend.cases.settings import CasesSettings
from backend.contract.kiosk_api import API_PREFIX
from backend.contract.service_api import Prefilled, PrefillRequest
from backend.deps import CurrentCatalogue, CurrentKiosk, CurrentSessions, Exchange
from backend.prefill.service import PrefillService

router = APIRouter(prefix=f"{API_PREFIX}/prefill", tags=["prefill"])


def get_prefill(
    request: Request, sessions: CurrentSessions, exchange: Exchange, catalogue: CurrentCatalogue
) -> PrefillService:
    own: CasesSettings = request.app.state.cases_settings
    return PrefillService(sessions, exchange, catalogue, timeout_s=own.prefill_timeout_s)


@router.post("")
async def prefill(
    kiosk: CurrentKiosk, service: Annotated[PrefillService, Depends(get_prefill)], request: PrefillRequest
) -> Prefilled:
    return await service.prefill(kiosk.kiosk_id, request)
