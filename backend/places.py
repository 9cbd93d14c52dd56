"""Where a kiosk stands, for what belongs to a place and not to a machine: queues, calls for staff, badges."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.deps import Kiosk
from backend.fleet.models import Kiosk as FleetKiosk
from backend.regions.division import COUNTRY


@dataclass(frozen=True)
class Place:
    """`site_id`: of the fleet, or the words a kiosk without a site has for its place. `region_code` COUNTRY: nobody
    has said where it is."""

    site_id: str
    region_code: str


async def place_of(session: AsyncSession, kiosk: Kiosk) -> Place:
    row = (
        await session.execute(
            select(FleetKiosk.site_id, FleetKiosk.region_code).where(FleetKiosk.kiosk_id == kiosk.kiosk_id)
        )
    ).first()
    return Place(row.site_id, row.region_code) if row else Place(kiosk.site[:40], COUNTRY)
