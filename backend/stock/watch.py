"""Kiosks whose blanks run out, for the desk's watch."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.observe import Seen, subject_of
from backend.alerts.rules import Finding
from backend.fleet.models import Kiosk
from backend.regions.division import COUNTRY
from backend.stock.models import BlankState, StockBlank

_AT_MOST = 500


async def low_stocks(session: AsyncSession, threshold: float, now: datetime) -> list[Seen]:
    """Fewer than `threshold` free blanks of a paper that was ever put in and not taken out again."""
    free = func.count().filter(StockBlank.state == BlankState.FREE.value)
    rows = await session.execute(
        select(StockBlank.kiosk_id, StockBlank.stock, free, Kiosk.region_code)
        .outerjoin(Kiosk, Kiosk.kiosk_id == StockBlank.kiosk_id)
        .where(StockBlank.state != BlankState.WITHDRAWN.value)
        .group_by(StockBlank.kiosk_id, StockBlank.stock, Kiosk.region_code)
        .having(free < threshold)
        .order_by(StockBlank.kiosk_id, StockBlank.stock)
        .limit(_AT_MOST)
    )
    found: list[Seen] = []
    for kiosk_id, stock, left, region in rows:
        finding = Finding(now, detail={"stock": stock, "value": int(left)})
        found.append(Seen("stock-low", subject_of(kiosk_id, f"stock.{stock}"), kiosk_id, region or COUNTRY, finding))
    return found
