"""/console/staff: looking after accounts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from backend.console.pages import page
from backend.deps import DbSession
from backend.staff import accounts
from backend.staff.access import needs
from backend.staff.door import CurrentDoor
from backend.staff.errors import StaffError
from backend.staff.passwords import make_password
from backend.staff.roles import Grant, Permission, Role, Staff
from backend.staff.words import ROLE_WORDS, region_words

router = APIRouter(prefix="/console/staff", tags=["console: staff"], include_in_schema=False)

TITLE = ("人员", "Staff")
Administrator = Annotated[Staff, needs(Permission.STAFF)]


@router.get("")
async def show_list(
    request: Request,
    staff: Administrator,
    session: DbSession,
    first: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> Response:
    return await _list(request, staff, session, "", first)


@router.post("/search")
async def search(
    request: Request, staff: Administrator, session: DbSession, words: Annotated[str, Form(max_length=80)] = ""
) -> Response:
    """A POST, because people's names do not belong into addresses and logs."""
    return await _list(request, staff, session, words, 0)


@router.get("/new")
async def show_new(request: Request, staff: Administrator) -> Response:
    return _new(request, staff, None, {})


@router.post("/new")
async def add(
    request: Request,
    staff: Administrator,
    door: CurrentDoor,
    session: DbSession,
    login: Annotated[str, Form(max_length=40)] = "",
    name: Annotated[str, Form(max_length=80)] = "",
    region: Annotated[str, Form(max_length=12)] = "",
    oidc_invite: Annotated[str, Form(max_length=200)] = "",
    oidc_only: Annotated[bool, Form()] = False,
) -> Response:
    password = "" if oidc_only else make_password()
    hashed = await door.passwords.hash(password) if password else ""
    new = accounts.NewMember(login, name, region.strip(), hashed, oidc_invite=oidc_invite)
    try:
        member = await accounts.add(session, staff, new, datetime.now(UTC))
    except StaffError as error:
        return _new(request, staff, error, {"login": login, "name": name, "region": region, "invite": oidc_invite})
    await session.commit()
    if not password:
        return RedirectResponse(f"/console/staff/{member.staff_id}", 303)
    return _first_password(request, staff, member.staff_id, password)


@router.get("/{staff_id}")
async def show(staff_id: str, request: Request, staff: Administrator, session: DbSession, done: str = "") -> Response:
    member = await accounts.visible(session, staff, staff_id)
    grants = await accounts.grants_for(session, staff_id)
    return page(
        request,
        staff,
        "staff/member.html",
        title=(member.name, member.name),
        nav="staff",
        member=member,
        grants=grants,
        places=await region_words(session, [member.region_code, *(grant.region_code for grant in grants)]),
        role_words=ROLE_WORDS,
        own=member.staff_id == staff.staff_id,
        done=done,
    )


@router.post("/{staff_id}/roles")
async def change_roles(
    staff_id: str,
    staff: Administrator,
    door: CurrentDoor,
    session: DbSession,
    do: Annotated[Literal["grant", "revoke"], Form()],
    role: Annotated[Role, Form()],
    region: Annotated[str, Form(max_length=12)],
) -> Response:
    at, wanted = datetime.now(UTC), Grant(role, region.strip())
    if do == "grant":
        await accounts.grant(session, staff, staff_id, wanted, at, apart=door.production)
    else:
        await accounts.revoke(session, staff, staff_id, wanted, at)
    await session.commit()
    return RedirectResponse(f"/console/staff/{staff_id}?done={do}", 303)


@router.post("/{staff_id}/active")
async def change_active(
    staff_id: str, staff: Administrator, session: DbSession, active: Annotated[bool, Form()]
) -> Response:
    await accounts.set_active(session, staff, staff_id, active, datetime.now(UTC))
    await session.commit()
    return RedirectResponse(f"/console/staff/{staff_id}?done={'enable' if active else 'disable'}", 303)


@router.post("/{staff_id}/reset-password")
async def reset_password(
    staff_id: str, request: Request, staff: Administrator, door: CurrentDoor, session: DbSession
) -> Response:
    password = make_password()
    hashed = await door.passwords.hash(password)
    await accounts.reset_password(session, staff, staff_id, hashed, datetime.now(UTC))
    await session.commit()
    return _first_password(request, staff, staff_id, password)


@router.post("/{staff_id}/end-sessions")
async def end_sessions(staff_id: str, staff: Administrator, session: DbSession) -> Response:
    await accounts.end_sessions(session, staff, staff_id, datetime.now(UTC))
    await session.commit()
    return RedirectResponse(f"/console/staff/{staff_id}?done=sessions", 303)


@router.post("/{staff_id}/reset-second-factor")
async def reset_second_factor(
    staff_id: str, staff: Administrator, session: DbSession, reason: Annotated[str, Form(max_length=300)] = ""
) -> Response:
    await accounts.ask_second_factor_reset(session, staff, staff_id, reason, datetime.now(UTC))
    await session.commit()
    return RedirectResponse("/console/approvals?done=asked", 303)


async def _list(request: Request, staff: Staff, session: DbSession, words: str, first: int) -> Response:
    members = await accounts.listed(session, staff, words, first=first)
    grants = await accounts.grants_by_member(session, [member.staff_id for member in members])
    codes = {grant.region_code for held in grants.values() for grant in held}
    return page(
        request,
        staff,
        "staff/list.html",
        title=TITLE,
        nav="staff",
        members=members,
        grants=grants,
        places=await region_words(session, codes),
        role_words=ROLE_WORDS,
        words_sought=words,
        more=first + len(members) if len(members) == accounts.MANY else None,
    )


def _new(request: Request, staff: Staff, error: StaffError | None, filled: dict[str, str]) -> Response:
    return page(
        request,
        staff,
        "staff/new.html",
        title=("添加人员", "Add somebody"),
        nav="staff",
        status=error.status_code if error else 200,
        problem=(error.zh, error.en) if error else None,
        filled={"login": "", "name": "", "region": staff.home, "invite": "", **filled},
    )


def _first_password(request: Request, staff: Staff, staff_id: str, password: str) -> Response:
    title = ("初始密码", "First password")
    return page(
        request, staff, "staff/first_password.html", title=title, nav="staff", staff_id=staff_id, password=password
    )
