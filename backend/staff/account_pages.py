"""/console/account: one's own password, second factor, sessions and API tokens."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import select

from backend.console.pages import page
from backend.db.engine import writing
from backend.staff import own_account, sessions, tokens
from backend.staff.audit import record
from backend.staff.door import CurrentDoor, Door
from backend.staff.errors import StaffError
from backend.staff.models import StaffSession
from backend.staff.roles import Grant, Role, Staff
from backend.staff.second_factor import enrolment_uri, qr_svg
from backend.staff.sessions import Open, Stage
from backend.staff.visitor import Holder, browser_of
from backend.staff.words import ROLE_WORDS, region_words

router = APIRouter(prefix="/console/account", tags=["console: account"], include_in_schema=False)

ACCOUNT = ("我的账号", "My account")
PASSWORD = ("修改密码", "Change the password")
SECOND = ("设置动态验证码", "Set up an authenticator")
CODES = ("恢复码", "Recovery codes")


@router.get("")
async def show(request: Request, door: CurrentDoor, opened: Holder, done: str = "") -> Response:
    if opened.stage is not Stage.FULL:
        return RedirectResponse(_setup(opened), 303)
    return await _account(request, door, opened, done=done)


@router.get("/password")
async def show_password(request: Request, opened: Holder) -> Response:
    return _password(request, opened)


@router.post("/password")
async def do_password(
    request: Request,
    door: CurrentDoor,
    opened: Holder,
    old: Annotated[str, Form(max_length=1000)] = "",
    new: Annotated[str, Form(max_length=1000)] = "",
    again: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    try:
        if new != again:
            raise StaffError("not-the-same", "两次输入的新密码不一样。", "The two new passwords differ.", 422)
        secret = await own_account.change_password(door, opened, old, new, browser_of(request))
    except StaffError as error:
        return _password(request, opened, error)
    response = RedirectResponse("/console/account?done=password", 303)
    door.set_cookie(response, secret)
    return response


@router.get("/second-factor")
async def show_second_factor(request: Request, door: CurrentDoor, opened: Holder) -> Response:
    if opened.member.must_change_password:
        return RedirectResponse("/console/account/password", 303)
    if opened.member.totp_secret is not None:
        return RedirectResponse("/console/account", 303)
    return await _second_factor(request, door, opened)


@router.post("/second-factor")
async def do_second_factor(
    request: Request, door: CurrentDoor, opened: Holder, code: Annotated[str, Form(max_length=20)] = ""
) -> Response:
    try:
        secret, codes = await own_account.confirm_second_factor(door, opened, code, browser_of(request))
    except StaffError as error:
        if error.code != "wrong-code":
            return RedirectResponse("/console/account", 303)
        return await _second_factor(request, door, opened, error)
    response = page(request, opened.staff, "account/codes.html", title=CODES, codes=codes)
    door.set_cookie(response, secret)
    return response


@router.post("/recovery-codes")
async def do_recovery_codes(
    request: Request, door: CurrentDoor, opened: Holder, password: Annotated[str, Form(max_length=1000)] = ""
) -> Response:
    """Ten new ones, shown once."""
    _full(opened)
    try:
        codes = await own_account.renew_recovery_codes(door, opened, password)
    except StaffError as error:
        return await _account(request, door, opened, error=error)
    return page(request, opened.staff, "account/codes.html", title=CODES, codes=codes)


@router.post("/sign-out-everywhere")
async def sign_out_everywhere(door: CurrentDoor, opened: Holder) -> Response:
    """All other browsers; this one stays."""
    async with writing(door.sessions) as session:
        ended = await sessions.end_all(session, opened.member.staff_id, but=opened.session_hash)
        await record(
            session,
            opened.member.staff_id,
            "staff.end-sessions",
            f"staff:{opened.member.staff_id}",
            door.clock(),
            region_code=opened.member.region_code,
            detail={"ended": ended},
        )
        await session.commit()
    return RedirectResponse("/console/account?done=sessions", 303)


@router.post("/tokens")
async def make_token(
    request: Request,
    door: CurrentDoor,
    opened: Holder,
    name: Annotated[str, Form(max_length=80)] = "",
    days: Annotated[int, Form(ge=1, le=366)] = 90,
    roles: Annotated[list[str] | None, Form()] = None,
    region: Annotated[str, Form(max_length=12)] = "",
) -> Response:
    """`roles`: ROLE:REGION of one's own; `region` narrows all of them."""
    _full(opened)
    at = door.clock()
    try:
        grants = [_narrowed(text, region.strip()) for text in roles or []]
        async with writing(door.sessions) as session:
            expires_at = at + timedelta(days=min(days, 365))
            token, secret = await tokens.make(session, opened.staff, name, grants, expires_at, at)
            await session.commit()
    except StaffError as error:
        return await _account(request, door, opened, error=error)
    title = ("新的 API 令牌", "The new API token")
    return page(request, opened.staff, "account/token.html", title=title, token=token, secret=secret)


@router.post("/tokens/{token_id}/revoke")
async def revoke_token(token_id: str, request: Request, door: CurrentDoor, opened: Holder) -> Response:
    _full(opened)
    try:
        async with writing(door.sessions) as session:
            await tokens.revoke(session, opened.staff, token_id, door.clock())
            await session.commit()
    except StaffError as error:
        return await _account(request, door, opened, error=error)
    return RedirectResponse("/console/account?done=token", 303)


def _narrowed(text: str, region: str) -> Grant:
    role, _, own = text.partition(":")
    try:
        return Grant(Role(role), region or own)
    except ValueError:
        raise StaffError("role", "没有这个角色。", "There is no such role.", 422) from None


def _full(opened: Open) -> None:
    if opened.stage is not Stage.FULL:
        raise StaffError("set-up-first", "请先完成账号设置。", "Set your account up first.", 403)


def _setup(opened: Open) -> str:
    return f"/console/account/{'password' if opened.member.must_change_password else 'second-factor'}"


def _navigator(opened: Open) -> Staff | None:
    """The navigation is for those who may use it."""
    return opened.staff if opened.stage is Stage.FULL else None


def _password(request: Request, opened: Open, error: StaffError | None = None) -> Response:
    return page(
        request,
        _navigator(opened),
        "account/password.html",
        title=PASSWORD,
        status=error.status_code if error else 200,
        problem=(error.zh, error.en) if error else None,
        member=opened.member,
    )


async def _second_factor(request: Request, door: Door, opened: Open, error: StaffError | None = None) -> Response:
    try:
        secret = await own_account.begin_second_factor(door, opened)
    except StaffError:
        return RedirectResponse("/console/account", 303)
    uri = enrolment_uri(secret, opened.member.login)
    return page(
        request,
        _navigator(opened),
        "account/second_factor.html",
        title=SECOND,
        status=error.status_code if error else 200,
        problem=(error.zh, error.en) if error else None,
        qr=qr_svg(uri),
        secret=" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        mandatory=opened.stage is Stage.SETUP,
    )


async def _account(
    request: Request, door: Door, opened: Open, *, done: str = "", error: StaffError | None = None
) -> Response:
    at = door.clock()
    async with door.sessions() as session:
        rows = await session.scalars(
            select(StaffSession)
            .where(StaffSession.staff_id == opened.member.staff_id, StaffSession.ends_at > at)
            .order_by(StaffSession.seen_at.desc())
        )
        own = list(rows)
        in_force = await tokens.in_force(session, opened.member.staff_id, at)
        codes_left = await own_account.recovery_codes_left(session, opened.member.staff_id)
        places = await region_words(session, [grant.region_code for grant in opened.grants])
    return page(
        request,
        opened.staff,
        "account/account.html",
        title=ACCOUNT,
        status=error.status_code if error else 200,
        problem=(error.zh, error.en) if error else None,
        done=done,
        member=opened.member,
        grants=opened.grants,
        places=places,
        role_words=ROLE_WORDS,
        sessions=own,
        this=opened.session_hash,
        tokens=in_force,
        codes_left=codes_left,
    )
