"""The console's pages of entering and enrolling kiosks."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Annotated, Any

import segno
from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from markupsafe import Markup
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.console.pages import fragment, page
from backend.contract.enrolment import Ticket, grouped
from backend.deps import DbSession
from backend.fleet.identity import desk, endings
from backend.fleet.identity.models import EnrolmentCode, KioskCertificate
from backend.fleet.models import Kiosk, Site
from backend.staff.access import needs, visible_kiosk
from backend.staff.roles import Permission, Staff

router = APIRouter(include_in_schema=False)

Viewer = Annotated[Staff, needs(Permission.VIEW)]
Enroller = Annotated[Staff, needs(Permission.ENROL)]

IDENTITIES = {
    "planned": ("待注册", "To be enrolled"),
    "enrolled": ("已注册", "Enrolled"),
    "quarantined": ("已隔离", "In quarantine"),
    "revoked": ("已吊销", "Revoked"),
    "retired": ("已报废", "Retired"),
}
KEYS = {"file": ("文件", "File"), "tpm": ("TPM 芯片", "TPM"), "": ("–", "–")}
ENDINGS = {
    "renewed": ("已更新", "renewed"),
    "never-used": ("未启用", "never used"),
    "enrolled-anew": ("已重新注册", "enrolled anew"),
    "quarantined": ("已隔离", "quarantined"),
    "revoked": ("已吊销", "revoked"),
    "retired": ("已报废", "retired"),
    "wiped": ("已清除", "wiped"),
}
_NOT_VALID = ("请检查这一项。", "Please check this field.")
_SITE_FIELDS = ("site_id", "region_code", "name_zh", "name_en", "address_zh", "longitude", "latitude", "promise_hours")
_KIOSK_FIELDS = ("kiosk_id", "site_id", "model", "serial_number")

Words = tuple[str, str]


@router.get("/console/kiosks/new", response_class=HTMLResponse)
async def new_kiosk(request: Request, staff: Enroller) -> HTMLResponse:
    given = {name: request.query_params.get(name, "")[:60] for name in ("site_id", "region_code")}
    return _new_page(request, staff, given, {})


@router.post("/console/kiosks/new", response_class=HTMLResponse)
async def enter_kiosk(request: Request, staff: Enroller, session: DbSession) -> Response:
    """Enters the kiosk, and its site if that is new too; then on to its enrolment."""
    form = await request.form(max_files=0, max_fields=30)
    given = {name: str(value)[:400] for name, value in form.items()}
    try:
        site = await session.get(Site, given.get("site_id", "").strip())
        if site is not None and not staff.may(Permission.VIEW, site.region_code):
            raise desk.NotPossible("site-taken", "site_id")
        if site is None:
            fields = {name: given[name] for name in _SITE_FIELDS if given.get(name, "").strip()}
            new_site = desk.NewSite.model_validate(fields)
            if not staff.may(Permission.ENROL, new_site.region_code):
                raise desk.NotPossible("region-unknown", "region_code")
            site = await desk.add_site(session, staff.staff_id, new_site, datetime.now(UTC))
        if not staff.may(Permission.ENROL, site.region_code):
            raise desk.NotPossible("site-unknown", "site_id")
        new = desk.NewKiosk.model_validate({name: given.get(name, "") for name in _KIOSK_FIELDS})
        kiosk = await desk.add_kiosk(session, staff.staff_id, new, datetime.now(UTC))
    except desk.NotPossible as error:
        faults = {error.field: error.words}
    except ValidationError as error:
        faults = {str(fault["loc"][0]): _NOT_VALID for fault in error.errors()}
    else:
        await session.commit()
        return RedirectResponse(f"/console/kiosks/{kiosk.kiosk_id}/enrol", 303)
    await session.rollback()
    return _new_page(request, staff, given, faults)


@router.get("/console/kiosks/{kiosk_id}/enrol", response_class=HTMLResponse)
async def show_enrolment(request: Request, kiosk_id: str, staff: Enroller, session: DbSession) -> HTMLResponse:
    kiosk = await visible_kiosk(session, staff, Permission.ENROL, kiosk_id)
    return await _enrol_page(request, staff, session, kiosk)


@router.post("/console/kiosks/{kiosk_id}/enrol", response_class=HTMLResponse)
async def make_code(request: Request, kiosk_id: str, staff: Enroller, session: DbSession) -> HTMLResponse:
    """The code is in this answer and nowhere else: reloading makes a new one and voids this."""
    kiosk = await visible_kiosk(session, staff, Permission.ENROL, kiosk_id)
    state = request.app.state
    try:
        ticket = await desk.make_code(
            session,
            state.authority,
            state.fleet,
            staff.staff_id,
            kiosk_id,
            datetime.now(UTC),
            reason=await _reason(request),
        )
    except desk.NotPossible as error:
        return await _again(request, staff, session, kiosk_id, "code", error)
    await session.commit()
    return await _enrol_page(request, staff, session, kiosk, ticket=ticket)


@router.post("/console/kiosks/{kiosk_id}/revocation", response_class=HTMLResponse)
async def ask_to_revoke(request: Request, kiosk_id: str, staff: Enroller, session: DbSession) -> Response:
    kiosk = await visible_kiosk(session, staff, Permission.ENROL, kiosk_id)
    try:
        await desk.ask_to_revoke(session, staff, kiosk, await _reason(request), datetime.now(UTC))
    except desk.NotPossible as error:
        return await _again(request, staff, session, kiosk_id, "revoke", error)
    await session.commit()
    return RedirectResponse(f"/console/kiosks/{kiosk_id}/enrol", 303)


@router.post("/console/kiosks/{kiosk_id}/retire", response_class=HTMLResponse)
async def retire(request: Request, kiosk_id: str, staff: Enroller, session: DbSession) -> Response:
    """For good; while it is in force, when another person agrees."""
    kiosk = await visible_kiosk(session, staff, Permission.ENROL, kiosk_id)
    try:
        await desk.retire(session, staff, kiosk, await _reason(request), datetime.now(UTC))
    except desk.NotPossible as error:
        return await _again(request, staff, session, kiosk_id, "retire", error)
    await session.commit()
    return RedirectResponse(f"/console/kiosks/{kiosk_id}/enrol", 303)


@router.get("/console/kiosks/{kiosk_id}/panels/identity", response_class=HTMLResponse)
async def identity_panel(request: Request, kiosk_id: str, staff: Viewer, session: DbSession) -> HTMLResponse:
    """Part of the kiosk's page."""
    kiosk = await visible_kiosk(session, staff, Permission.VIEW, kiosk_id)
    return fragment(request, staff, "enrolment/panel.html", **await _facts(session, staff, kiosk))


def qr_svg(ticket: Ticket) -> Markup:
    """Level M, quiet zone of 4 modules."""
    buffer = io.BytesIO()
    code = segno.make(ticket.as_uri(), error="m", micro=False)
    code.save(buffer, kind="svg", border=4, xmldecl=False, omitsize=True, svgclass="qr", lineclass=None, light="#fff")
    return Markup(buffer.getvalue().decode())  # noqa: S704 - made here, of a matrix


async def _reason(request: Request) -> str:
    form = await request.form(max_files=0, max_fields=5)
    return str(form.get("reason", ""))[:300]


async def _again(
    request: Request, staff: Staff, session: AsyncSession, kiosk_id: str, place: str, error: desk.NotPossible
) -> HTMLResponse:
    await session.rollback()
    kiosk = await session.get(Kiosk, kiosk_id)
    if kiosk is None:
        raise HTTPException(404, "no such kiosk")
    return await _enrol_page(request, staff, session, kiosk, problem=(place, error.words))


def _new_page(request: Request, staff: Staff, given: dict[str, str], faults: dict[str, Words]) -> HTMLResponse:
    title = ("录入终端", "Enter a kiosk")
    status = 422 if faults else 200
    return page(
        request, staff, "enrolment/new.html", title=title, nav="kiosks", status=status, given=given, faults=faults
    )


async def _enrol_page(
    request: Request,
    staff: Staff,
    session: AsyncSession,
    kiosk: Kiosk,
    *,
    ticket: Ticket | None = None,
    problem: tuple[str, Words] | None = None,
) -> HTMLResponse:
    return page(
        request,
        staff,
        "enrolment/enrol.html",
        title=(f"注册终端 {kiosk.kiosk_id}", f"Enrol {kiosk.kiosk_id}"),
        nav="kiosks",
        status=422 if problem else 200,
        ticket=ticket,
        typed=grouped(ticket.code) if ticket else "",
        qr=qr_svg(ticket) if ticket else "",
        problem=problem,
        **await _facts(session, staff, kiosk),
    )


async def _facts(session: AsyncSession, staff: Staff, kiosk: Kiosk) -> dict[str, Any]:
    now = datetime.now(UTC)
    kiosk = await session.get_one(Kiosk, kiosk.kiosk_id, populate_existing=True)
    mine = KioskCertificate.kiosk_id == kiosk.kiosk_id
    history = select(KioskCertificate).where(mine).order_by(KioskCertificate.issued_at.desc()).limit(5)
    waiting = select(EnrolmentCode.expires_at).where(
        EnrolmentCode.kiosk_id == kiosk.kiosk_id,
        EnrolmentCode.voided_at.is_(None),
        EnrolmentCode.used_at.is_(None),
        EnrolmentCode.expires_at > now,
    )
    return {
        "kiosk": kiosk,
        "site": await session.get(Site, kiosk.site_id),
        "identity": IDENTITIES.get(kiosk.identity, (kiosk.identity, kiosk.identity)),
        "key_kind": KEYS.get(kiosk.key_kind, (kiosk.key_kind, kiosk.key_kind)),
        "shut_out": kiosk.identity in desk.SHUT_OUT,
        "in_force": kiosk.identity in desk.IN_FORCE,
        "ends_soon": kiosk.certificate_until is not None and (kiosk.certificate_until - now).days < 14,
        "endings": ENDINGS,
        "history": (await session.scalars(history)).all(),
        "code_until": await session.scalar(waiting.limit(1)),
        "revocation": await desk.open_request(session, endings.REVOKE, kiosk.kiosk_id, now),
        "retirement": await desk.open_request(session, endings.RETIRE, kiosk.kiosk_id, now),
        "may_enrol": staff.may(Permission.ENROL, kiosk.region_code),
    }
