"""POST /records/query."""

from __future__ import annotations

from fastapi import APIRouter, Request

from backend.contract.kiosk_api import API_PREFIX
from backend.contract.service_api import RecordQuery, RecordReply
from backend.deps import CurrentCatalogue, CurrentKiosk, CurrentSessions, CurrentSettings, Exchange
from backend.identity.runtime import vault_of
from backend.rates import Asked, rates_of
from backend.records.service import RecordService
from backend.records.who import Doorkeeper

router = APIRouter(prefix=f"{API_PREFIX}/records", tags=["records"])


@router.post("/query")
async def query(
    request: Request,
    kiosk: CurrentKiosk,
    sessions: CurrentSessions,
    exchange: Exchange,
    catalogue: CurrentCatalogue,
    settings: CurrentSettings,
    asked: RecordQuery,
) -> RecordReply:
    rates_of(request.app).count(kiosk.kiosk_id, Asked.RECORDS)
    door = Doorkeeper(vault_of(request.app), settings.effective_licence_key)
    return await RecordService(sessions, exchange, catalogue, door).query(kiosk.kiosk_id, asked)
