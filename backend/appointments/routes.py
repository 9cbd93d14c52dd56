"""POST /appointments/slots, POST /appointments."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from backend.appointments.service import AppointmentService
from backend.appointments.settings import AppointmentSettings
from backend.contract.kiosk_api import API_PREFIX
from backend.contract.service_api import Appointment, AppointmentRequest, Slots, SlotsQuery
from backend.deps import CurrentCatalogue, CurrentKiosk, CurrentSessions, CurrentSettings, Exchange
from backend.identity.runtime import vault_of
from backend.rates import Asked, rates_of
from backend.records.who import Doorkeeper

router = APIRouter(prefix=f"{API_PREFIX}/appointments", tags=["appointments"])


def get_appointments(
    request: Request,
    sessions: CurrentSessions,
    exchange: Exchange,
    catalogue: CurrentCatalogue,
    settings: CurrentSettings,
) -> AppointmentService:
    vault = vault_of(request.app)
    door = Doorkeeper(vault, settings.effective_licence_key)
    return AppointmentService(sessions, exchange, catalogue, vault, door, AppointmentSettings())


Appointments = Annotated[AppointmentService, Depends(get_appointments)]


@router.post("/slots")
async def slots(request: Request, kiosk: CurrentKiosk, appointments: Appointments, query: SlotsQuery) -> Slots:
    rates_of(request.app).count(kiosk.kiosk_id, Asked.BOOKINGS)
    return await appointments.slots(query)


@router.post("")
async def book(
    request: Request, kiosk: CurrentKiosk, appointments: Appointments, wanted: AppointmentRequest
) -> Appointment:
    rates_of(request.app).count(kiosk.kiosk_id, Asked.BOOKINGS, wanted.intent_id)
    return await appointments.book(kiosk.kiosk_id, wanted)
