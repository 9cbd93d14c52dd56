"""What a hall allows: open bookings of a person, and who did not come."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.appointments.models import AppointmentRow, BookingState
from backend.appointments.settings import AppointmentSettings
from backend.appointments.slots import begins
from backend.contract.service_api import ServiceProblem
from backend.problems import Refused

FORGOTTEN_ASK = timedelta(minutes=10)  # an attempt the department never answered holds nothing up after that
_SHANGHAI = ZoneInfo("Asia/Shanghai")


async def check(
    session: AsyncSession, settings: AppointmentSettings, person_hash: str, service_id: str, matter: str, now: datetime
) -> None:
    """Refused: booked-already, missed-bookings."""
    today = now.astimezone(_SHANGHAI).date()
    since = today - timedelta(days=settings.missed_days)
    rows = list(
        await session.scalars(
            select(AppointmentRow).where(
                AppointmentRow.person_hash == person_hash,
                AppointmentRow.day >= since,
                AppointmentRow.state.in_([BookingState.ASKING.value, BookingState.BOOKED.value]),
            )
        )
    )
    coming = [
        row
        for row in rows
        if (row.service_id, row.matter) == (service_id, matter)
        and row.arrived_at is None
        and begins(row.day, row.to_time) > now
        and (row.state == BookingState.BOOKED or row.asked_at > now - FORGOTTEN_ASK)
    ]
    if settings.open_each and len(coming) >= settings.open_each:
        raise Refused(ServiceProblem.BOOKED_ALREADY, service_id)
    late = timedelta(minutes=settings.late_min)
    missed = [
        row
        for row in rows
        if row.state == BookingState.BOOKED and row.arrived_at is None and begins(row.day, row.from_time) + late < now
    ]
    if settings.missed_most and len(missed) >= settings.missed_most:
        last = max(row.day for row in missed)
        if last + timedelta(days=settings.missed_pause_days) > today:
            raise Refused(ServiceProblem.MISSED_BOOKINGS)


async def forget(session: AsyncSession, settings: AppointmentSettings, now: datetime) -> None:
    """Phones go with the day, persons some days later. The caller commits."""
    today = now.astimezone(_SHANGHAI).date()
    kept = settings.missed_days if settings.missed_most else settings.keep_days
    await session.execute(
        update(AppointmentRow)
        .where(AppointmentRow.day < today, AppointmentRow.phone.is_not(None))
        .values(phone=None)
        .execution_options(synchronize_session=False)
    )
    await session.execute(
        update(AppointmentRow)
        .where(AppointmentRow.day < today - timedelta(days=kept), AppointmentRow.person_hash != "")
        .values(person_hash="")
        .execution_options(synchronize_session=False)
    )
