"""Somebody comes with a booking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.appointments.models import AppointmentRow, BookingState
from backend.appointments.settings import AppointmentSettings
from backend.appointments.slots import begins
from backend.deps import Kiosk
from backend.places import Place, place_of
from backend.regions.division import COUNTRY, Level, ancestor, span_of

_SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Desk:
    """Where somebody comes, and for which of the `matters` a number can be taken for."""

    place: Place
    matter: str
    matters: frozenset[str]


async def arrive(
    session: AsyncSession, booking_no: str, desk: Desk, now: datetime, settings: AppointmentSettings
) -> bool | None:
    """Whether it gives its place now: once, and not before nor long after its time. None: there is no such booking for
    today, here and for this matter. The caller commits."""
    today = now.astimezone(_SHANGHAI).date()
    booking = await session.scalar(
        select(AppointmentRow)
        .where(
            func.upper(AppointmentRow.booking_no) == booking_no.strip().upper(),
            AppointmentRow.state == BookingState.BOOKED.value,
            AppointmentRow.day == today,
        )
        .limit(1)
        .with_for_update()
    )
    if booking is None or not await _belongs(session, booking, desk):
        return None
    if booking.arrived_at is not None:
        return False  # its place is given: another ticket is in turn
    start = begins(booking.day, booking.from_time)
    if now < start - timedelta(minutes=settings.early_min):
        return False  # too early; the booking stays for its time
    booking.arrived_at = now
    return now <= start + timedelta(minutes=settings.late_min)


async def _belongs(session: AsyncSession, booking: AppointmentRow, desk: Desk) -> bool:
    """A booking of one matter is not used up by a ticket for another, nor from a terminal of another county. A matter
    the queue does not know is that of a service of its own: its window group is the resident's choice."""
    if booking.matter in desk.matters and booking.matter != desk.matter:
        return False
    made = await place_of(session, Kiosk(booking.kiosk_id, ""))
    county, here = ancestor(made.region_code, Level.COUNTY), ancestor(desk.place.region_code, Level.COUNTY)
    # A city's own hall serves its counties.
    return county == here or (COUNTRY not in (county, here) and county in span_of(here))
