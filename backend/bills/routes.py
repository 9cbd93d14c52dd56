"""POST /bills/query."""

from __future__ import annotations

from fastapi import APIRouter

from backend.bills.service import query_bill
from backend.contract.kiosk_api import API_PREFIX, Bill, BillQuery
from backend.deps import CurrentCatalogue, CurrentKiosk, CurrentSessions, CurrentSettings, Exchange

router = APIRouter(prefix=f"{API_PREFIX}/bills", tags=["bills"])


@router.post("/query")
async def query(
    kiosk: CurrentKiosk,
    sessions: CurrentSessions,
    exchange: Exchange,
    catalogue: CurrentCatalogue,
    settings: CurrentSettings,
    request: BillQuery,
) -> Bill:
    return await query_bill(sessions, exchange, catalogue, settings.bill_ttl_s, kiosk.kiosk_id, request)
