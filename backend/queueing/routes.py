"""POST /queue/tickets for kiosks; for staff, the queue of a site and the call of the next number."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from backend.appointments.settings import AppointmentSettings
from backend.cases.tries import Tries
from backend.contract.kiosk_api import API_PREFIX
from backend.contract.service_api import Ticket, TicketRequest
from backend.deps import CurrentCatalogue, CurrentKiosk, CurrentSessions, DbSession
from backend.identity.runtime import vault_of
from backend.queueing.service import QueueService, call_next, waiting
from backend.rates import Asked, rates_of
from backend.staff.access import STAFF_API, needs, visible_site
from backend.staff.roles import Permission, Staff

router = APIRouter(prefix=f"{API_PREFIX}/queue", tags=["queue"])
staff_router = APIRouter(prefix=f"{STAFF_API}/queues", tags=["staff: queues"])

Viewer = Annotated[Staff, needs(Permission.VIEW)]
Caller = Annotated[Staff, needs(Permission.OPERATE)]


class NextIn(BaseModel):
    """`letters`: the window groups that are served there; none: all."""

    model_config = ConfigDict(extra="forbid")

    window: str = Field(min_length=1, max_length=40)
    letters: list[Annotated[str, Field(pattern=r"^[A-Za-z]{1,2}$")]] = Field([], max_length=40)


@router.post("/tickets")
async def take(
    request: Request, kiosk: CurrentKiosk, sessions: CurrentSessions, catalogue: CurrentCatalogue, wanted: TicketRequest
) -> Ticket:
    rates_of(request.app).count(kiosk.kiosk_id, Asked.TICKETS, wanted.intent_id)
    tries = Tries(sessions, vault_of(request.app), request.app.state.cases_settings, "booking-try")
    return await QueueService(sessions, catalogue, AppointmentSettings(), tries).take(kiosk, wanted)


@staff_router.get("/{site_id}")
async def queue(site_id: str, staff: Viewer, session: DbSession) -> dict[str, Any]:
    """How many wait, by window group."""
    site = await visible_site(session, staff, Permission.VIEW, site_id)
    return {"site_id": site.site_id, "waiting": await waiting(session, site.site_id, datetime.now(UTC))}


@staff_router.post("/{site_id}/next")
async def next_one(site_id: str, body: NextIn, staff: Caller, session: DbSession) -> dict[str, str | None]:
    """Call the next number to a window; `number` null: nobody waits."""
    site = await visible_site(session, staff, Permission.OPERATE, site_id)
    ticket = await call_next(session, site.site_id, body.window, body.letters, datetime.now(UTC))
    await session.commit()
    return {"number": ticket.label if ticket else None, "matter": ticket.matter if ticket else None}
