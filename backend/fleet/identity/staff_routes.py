"""Sites, kiosks and identities for staff, as JSON."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, StringConstraints

from backend.contract.enrolment import grouped
from backend.deps import DbSession
from backend.fleet.identity import desk
from backend.fleet.models import Kiosk
from backend.staff.access import STAFF_API, in_region, needs, visible_kiosk, visible_site, within
from backend.staff.roles import Permission, Staff

router = APIRouter(prefix=STAFF_API, tags=["enrolment"])

Viewer = Annotated[Staff, needs(Permission.VIEW)]
Enroller = Annotated[Staff, needs(Permission.ENROL)]

_STATUS = {"site-taken": 409, "kiosk-taken": 409, "retired": 409, "not-in-force": 409, "asked-already": 409}


class Reason(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)] = ""


class Entered(BaseModel):
    id: str
    region_code: str


class NewCode(BaseModel):
    """The only answer with a code in it; it is not kept."""

    kiosk_id: str
    code: str  # as it is typed
    uri: str  # the QR code's content
    expires_at: datetime


class Identity(BaseModel):
    kiosk_id: str
    region_code: str
    identity: str
    epoch: int
    key_kind: str
    certificate_serial: str | None
    certificate_until: datetime | None
    enrolled_at: datetime | None

    @classmethod
    def of(cls, kiosk: Kiosk) -> Identity:
        return cls(**{name: getattr(kiosk, name) for name in cls.model_fields})


class Waiting(BaseModel):
    approval_id: str
    expires_at: datetime


@router.post("/sites", status_code=201)
async def add_site(new: desk.NewSite, staff: Enroller, session: DbSession) -> Entered:
    """Enter a place where kiosks will stand."""
    in_region(staff, Permission.ENROL, new.region_code)
    try:
        site = await desk.add_site(session, staff.staff_id, new, datetime.now(UTC))
    except desk.NotPossible as error:
        raise _refusal(error) from None
    await session.commit()
    return Entered(id=site.site_id, region_code=site.region_code)


@router.post("/kiosks", status_code=201)
async def add_kiosk(new: desk.NewKiosk, staff: Enroller, session: DbSession) -> Entered:
    """Enter a kiosk; it can do nothing before it is enrolled."""
    await visible_site(session, staff, Permission.ENROL, new.site_id)
    try:
        kiosk = await desk.add_kiosk(session, staff.staff_id, new, datetime.now(UTC))
    except desk.NotPossible as error:
        raise _refusal(error) from None
    await session.commit()
    return Entered(id=kiosk.kiosk_id, region_code=kiosk.region_code)


@router.post("/kiosks/{kiosk_id}/enrolment-codes", status_code=201)
async def make_code(
    kiosk_id: str, given: Reason, staff: Enroller, session: DbSession, request: Request, response: Response
) -> NewCode:
    """A one-time code; an older one of this kiosk is void."""
    await visible_kiosk(session, staff, Permission.ENROL, kiosk_id)
    state = request.app.state
    try:
        ticket = await desk.make_code(
            session, state.authority, state.fleet, staff.staff_id, kiosk_id, datetime.now(UTC), reason=given.reason
        )
    except desk.NotPossible as error:
        raise _refusal(error) from None
    await session.commit()
    response.headers["Cache-Control"] = "no-store"
    return NewCode(kiosk_id=kiosk_id, code=grouped(ticket.code), uri=ticket.as_uri(), expires_at=ticket.expires_at)


@router.get("/kiosks/{kiosk_id}/identity")
async def show_identity(kiosk_id: str, staff: Viewer, session: DbSession) -> Identity:
    return Identity.of(await visible_kiosk(session, staff, Permission.VIEW, kiosk_id))


@router.post(
    "/kiosks/{kiosk_id}/retire",
    status_code=204,
    response_model=None,
    responses={202: {"model": Waiting, "description": "Another person has to agree"}},
)
async def retire(kiosk_id: str, given: Reason, staff: Enroller, session: DbSession) -> Response:
    """Taken away for good: its identity and its name are never used again. While it is enrolled or in quarantine
    another person has to agree (202); otherwise it is done (204)."""
    kiosk = await visible_kiosk(session, staff, Permission.ENROL, kiosk_id)
    try:
        approval = await desk.retire(session, staff, kiosk, given.reason, datetime.now(UTC))
    except desk.NotPossible as error:
        raise _refusal(error) from None
    await session.commit()
    if approval is None:
        return Response(status_code=204)
    waiting = Waiting(approval_id=approval.approval_id, expires_at=approval.expires_at)
    return JSONResponse(waiting.model_dump(mode="json"), 202)


@router.post("/kiosks/{kiosk_id}/revocations", status_code=202)
async def ask_to_revoke(kiosk_id: str, given: Reason, staff: Enroller, session: DbSession) -> Waiting:
    """Ask for the identity's revocation; another person has to agree."""
    kiosk = await visible_kiosk(session, staff, Permission.ENROL, kiosk_id)
    try:
        approval = await desk.ask_to_revoke(session, staff, kiosk, given.reason, datetime.now(UTC))
    except desk.NotPossible as error:
        raise _refusal(error) from None
    await session.commit()
    return Waiting(approval_id=approval.approval_id, expires_at=approval.expires_at)


@router.get("/identities/expiring")
async def list_expiring(
    staff: Viewer,
    session: DbSession,
    days: Annotated[float, Query(ge=0, le=825)] = 14,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> list[Identity]:
    """Kiosks whose certificate ends within so many days and that have not renewed it."""
    query = desk.expiring(datetime.now(UTC), timedelta(days=days))
    query = query.where(within(Kiosk.region_code, staff, Permission.VIEW)).limit(limit)
    return [Identity.of(kiosk) for kiosk in await session.scalars(query)]


def _refusal(error: desk.NotPossible) -> HTTPException:
    return HTTPException(_STATUS.get(error.code, 422), str(error))
