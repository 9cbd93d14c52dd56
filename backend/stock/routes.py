"""POST /stock/{stock}/used."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from backend.contract.kiosk_api import API_PREFIX
from backend.contract.service_api import StockLeft, StockUse
from backend.deps import CurrentKiosk, CurrentSessions
from backend.stock.service import report

router = APIRouter(prefix=f"{API_PREFIX}/stock", tags=["stock"])


@router.post("/{stock}/used")
async def used(
    kiosk: CurrentKiosk,
    sessions: CurrentSessions,
    stock: Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]{0,59}$")],
    use: StockUse,
) -> StockLeft:
    return await report(sessions, kiosk.kiosk_id, stock, use)
