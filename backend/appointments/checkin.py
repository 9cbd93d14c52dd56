"""Somebody comes with a booking."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.appointments.models import AppointmentRow, BookingState
from backend.appointments.settings import AppointmentSettings
from backend.appointments.slots import begins

_SHANGHAI = ZoneInfo("Asia/Shanghai")


async def arrive(session: AsyncSession, booking_no: str, now: datetime, settings: AppointmentSettings) -> bool | None:
    """Whether it gives its place now: once, and not before nor long after its time. None: there is no such booking for
    today. The caller commits."""
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
    if booking is None:
        return None
    if booking.arrived_at is not None:
        return False  # its place is given: another ticket is in turn
    start = begins(booking.day, booking.from_time)
    if now < start - timedelta(minutes=settings.early_min):
        return False  # too early; the booking stays for its time
    booking.arrived_at = now
    return now <= start + timedelta(minutes=settings.late_min)
