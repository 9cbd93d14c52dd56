"""Kiosks nobody has to be told about now: somebody is working on them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.sql import AT_ONCE, pages
from backend.alerts.work.models import WorkOrder, WorkState
from backend.fleet.models import KioskState


async def suppressed(session: AsyncSession, kiosk_ids: Sequence[str]) -> dict[str, str]:
    """{kiosk id: why}; "work-order" where a technician is on site, "out-of-service" where staff closed it."""
    found: dict[str, str] = {}
    for page in pages(sorted(set(kiosk_ids)), AT_ONCE):
        # A kiosk says `out_of_service` only when staff have closed it; it stays in the last report of one that was
        # switched off for the work.
        closed = await session.execute(
            select(KioskState.kiosk_id, KioskState.report).where(
                KioskState.kiosk_id.in_(page), KioskState.in_service.is_(False)
            )
        )
        for row in closed:
            if (row.report or {}).get("out_of_service"):
                found[row.kiosk_id] = "out-of-service"
        on_site = await session.scalars(
            select(WorkOrder.kiosk_id).where(WorkOrder.kiosk_id.in_(page), WorkOrder.state == WorkState.ON_SITE.value)
        )
        found.update(dict.fromkeys(on_site, "work-order"))
    return found
