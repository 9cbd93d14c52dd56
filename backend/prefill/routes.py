"""POST /prefill."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from backend.cases.settings import CasesSettings
from backend.contract.kiosk_api import API_PREFIX
from backend.contract.service_api import Prefilled, PrefillRequest
from backend.deps import CurrentCatalogue, CurrentKiosk, CurrentSessions, Exchange
from backend.prefill.service import PrefillService
from backend.rates import Asked, rates_of

router = APIRouter(prefix=f"{API_PREFIX}/prefill", tags=["prefill"])


def get_prefill(
    request: Request, sessions: CurrentSessions, exchange: Exchange, catalogue: CurrentCatalogue
) -> PrefillService:
    own: CasesSettings = request.app.state.cases_settings
    return PrefillService(sessions, exchange, catalogue, timeout_s=own.prefill_timeout_s)


Prefills = Annotated[PrefillService, Depends(get_prefill)]


@router.post("")
async def prefill(
    request: Request,
    kiosk: CurrentKiosk,
    service: Prefills,
    wanted: PrefillRequest,
) -> Prefilled:
    rates_of(request.app).count(kiosk.kiosk_id, Asked.PREFILLS)
    return await service.prefill(kiosk.kiosk_id, wanted)
