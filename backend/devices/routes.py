"""GET /hello: who am I, and what is your clock?"""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter

from backend.contract.kiosk_api import API_PREFIX, Hello
from backend.deps import CurrentCatalogue, CurrentKiosk, CurrentSessions
from backend.stock.service import counts

router = APIRouter(prefix=API_PREFIX, tags=["devices"])


@router.get("/hello")
async def hello(kiosk: CurrentKiosk, catalogue: CurrentCatalogue, sessions: CurrentSessions) -> Hello:
    async with sessions() as session:
        stock = await counts(session, kiosk.kiosk_id)
    return Hello(
        kiosk_id=kiosk.kiosk_id,
        site=kiosk.site,
        now=datetime.now(UTC),
        content_version=catalogue.version,
        stock=stock,
    )
