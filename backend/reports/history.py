"""How many kiosks were how on the days before."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.fleet.queries import Tally
from backend.regions.division import COUNTRY, Level, level_of, span_of
from backend.reports.days import day_of
from backend.reports.models import HealthDay
from backend.staff.access import within
from backend.staff.roles import Permission, Staff


async def tally_before(session: AsyncSession, staff: Staff, region_code: str, now: datetime) -> Tally | None:
    """The counts at the end of yesterday. None below the county, and where nobody counted yesterday."""
    if level_of(region_code) > Level.COUNTY:
        return None
    query = (
        select(HealthDay.health, func.sum(HealthDay.kiosks))
        .where(HealthDay.day == day_of(now - timedelta(days=1)), within(HealthDay.region_code, staff, Permission.VIEW))
        .group_by(HealthDay.health)
    )
    if region_code != COUNTRY:
        span = span_of(region_code)
        query = query.where(HealthDay.region_code.between(span.low, span.high))
    tally = Tally()
    for health, kiosks in await session.execute(query):
        tally.add(health, int(kiosks))
    return tally if tally.by_health else None
