"""/console/sign-in/oidc: away to the provider and back.

The session's cookie is SameSite=Strict and browsers hold it back on the way from the provider, redirects included. So
the way back ends in a page of ours that goes on by itself. What ties the two ways together is a cookie of its own
(Lax, ten minutes), so that nobody can finish a sign-in that another browser began.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Annotated

import structlog
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import delete

from backend.console.pages import page
from backend.db.engine import writing
from backend.deps import CurrentSettings
from backend.staff import sessions, sign_in
from backend.staff.door import CurrentDoor, Door
from backend.staff.models import OidcFlow
from backend.staff.oidc import Claims, OidcError, Provider
from backend.staff.oidc_accounts import GroupGrants, member_of
from backend.staff.safe_paths import safe_path
from backend.staff.sessions import Stage, digest
from backend.staff.sign_in import Entered
from backend.staff.sign_in_pages import SIGN_IN, enter
from backend.staff.visitor import visitor_of

log = structlog.get_logger()
router = APIRouter(prefix="/console/sign-in/oidc", tags=["console: sign-in"], include_in_schema=False)

COOKIE = "menkou_oidc"
PATIENCE = timedelta(minutes=10)


@router.get("")
async def begin(
    request: Request,
    door: CurrentDoor,
    settings: CurrentSettings,
    next: Annotated[str, Query(max_length=1000)] = "",  # noqa: A002
) -> Response:
    """To the provider."""
    provider: Provider | None = request.app.state.oidc
    if provider is None:
        return _refused(request, "off", 404)
    state, nonce, verifier, browser = (secrets.token_urlsafe(32) for _ in range(4))
    try:
        address = await provider.authorization_url(_redirect_uri(settings.public_url), state, nonce, verifier)
    except OidcError as error:
        return _refused(request, error.code, 503)
    async with writing(door.sessions) as session:
        session.add(
            OidcFlow(
                state_hash=digest(state),
                browser_hash=digest(browser),
                nonce=nonce,
                verifier=verifier,
                next_path=safe_path(next),
                expires_at=door.clock() + PATIENCE,
            )
        )
        await session.commit()
    response = RedirectResponse(address, 303)
    response.set_cookie(
        COOKIE,
        browser,
        max_age=int(PATIENCE.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=door.production,
        path="/console/sign-in/oidc",
    )
    return response


@router.get("/callback")
async def finish(
    request: Request,
    door: CurrentDoor,
    settings: CurrentSettings,
    code: Annotated[str, Query(max_length=2000)] = "",
    state: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """From the provider. A state works once and only in the browser that began."""
    provider: Provider | None = request.app.state.oidc
    if provider is None:
        return _refused(request, "off", 404)
    at = door.clock()
    async with writing(door.sessions) as session:
        flow = (
            await session.execute(
                delete(OidcFlow)
                .where(
                    OidcFlow.state_hash == digest(state),
                    OidcFlow.browser_hash == digest(request.cookies.get(COOKIE, "")),
                    OidcFlow.expires_at > at,
                )
                .returning(OidcFlow.nonce, OidcFlow.verifier, OidcFlow.next_path)
            )
        ).first()
        await session.commit()
    if flow is None:
        return _refused(request, "unknown-state", 403)
    if not code:
        return _refused(request, "declined", 403)
    try:
        claims = await provider.redeem(code, flow.verifier, _redirect_uri(settings.public_url), flow.nonce)
        entered = await _enter(request, door, request.app.state.oidc_groups, claims)
    except OidcError as error:
        return _refused(request, error.code, 503 if error.code == "unreachable" else 403)
    onward = enter(door, entered, flow.next_path)
    response = page(request, None, "staff/onward.html", title=SIGN_IN, onward=onward.headers["location"])
    response.raw_headers.extend(item for item in onward.raw_headers if item[0] == b"set-cookie")
    response.delete_cookie(COOKIE, path="/console/sign-in/oidc")
    return response


async def _enter(request: Request, door: Door, groups: GroupGrants, claims: Claims) -> Entered:
    at, visitor = door.clock(), visitor_of(request)
    trusted = door.settings.oidc_second_factor == "provider"
    async with writing(door.sessions) as session:
        member = await member_of(session, claims, groups, at, apart=door.production)
        if member.totp_secret is not None and not trusted:
            secret = await sessions.begin(session, member.staff_id, Stage.CODE, at, door.settings.absolute, "")
            await session.commit()
            return Entered(secret, Stage.CODE, member)
        stage = Stage.FULL if trusted else None
        entered = await sign_in.enter(session, door, member, visitor, at, how="oidc", stage=stage)
        await session.commit()
    return entered


def _redirect_uri(public_url: str) -> str:
    return f"{public_url.rstrip('/')}/console/sign-in/oidc/callback"


def _refused(request: Request, code: str, status: int) -> Response:
    log.info("oidc_refused", why=code)
    problem = (
        "统一身份认证没有成功。如果您还没有账号，请联系安全管理员。",
        "Signing in through the provider did not work. If you have no account yet, ask the security administrator.",
    )
    return page(
        request,
        None,
        "staff/sign_in.html",
        title=SIGN_IN,
        status=status,
        next="/console/",
        problem=problem,
        provider="",
    )
