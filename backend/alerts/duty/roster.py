"""Who is on duty for a region now: the nearest region upward that has somebody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.duty.models import DutyPerson, DutyShift
from backend.regions.division import lineage

CHINA = ZoneInfo("Asia/Shanghai")
DAY = 24 * 60


@dataclass(frozen=True)
class OnDuty:
    region_code: str
    people: tuple[DutyPerson, ...]


def covers(shift: DutyShift, now: datetime) -> bool:
    """Whether the shift runs at `now`; a night shift belongs to the day it begins on."""
    local = now.astimezone(CHINA)
    minute = local.hour * 60 + local.minute
    today = local.date()
    if shift.start < shift.end:
        day, inside = today, shift.start <= minute < shift.end
    elif minute >= shift.start:
        day, inside = today, True
    else:
        day, inside = today - timedelta(days=1), minute < shift.end
    if not inside or not shift.weekdays >> day.weekday() & 1:
        return False
    return (shift.first_day is None or day >= shift.first_day) and (shift.last_day is None or day <= shift.last_day)


def who(shift: DutyShift, now: datetime) -> str:
    """The person's id, or whose stands in."""
    if shift.substitute_id is None:
        return shift.person_id
    begun = shift.substitute_from is None or shift.substitute_from <= now
    ended = shift.substitute_until is not None and shift.substitute_until <= now
    return shift.substitute_id if begun and not ended else shift.person_id


async def on_duty(session: AsyncSession, region_code: str, now: datetime) -> OnDuty | None:
    """None: nobody here nor anywhere above."""
    above = lineage(region_code)
    shifts = list(await session.scalars(select(DutyShift).where(DutyShift.region_code.in_(above))))
    for place in reversed(above):
        ids = {who(shift, now) for shift in shifts if shift.region_code == place and covers(shift, now)}
        if ids:
            query = select(DutyPerson).where(DutyPerson.person_id.in_(ids)).order_by(DutyPerson.name)
            people = tuple(await session.scalars(query))
            if people:
                return OnDuty(place, people)
    return None
