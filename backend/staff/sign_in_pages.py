"""/console/sign-in, /console/sign-in/code, /console/sign-out and /console/language: the pages of strangers."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from backend.console.pages import LANGUAGE_COOKIE, page
from backend.db.engine import writing
from backend.staff import sessions, sign_in
from backend.staff.audit import record
from backend.staff.door import CurrentDoor, Door
from backend.staff.errors import StaffError
from backend.staff.gate import open_session
from backend.staff.safe_paths import HOME, safe_path
from backend.staff.sessions import Stage
from backend.staff.sign_in import Entered
from backend.staff.visitor import visitor_of

router = APIRouter(prefix="/console", tags=["console: sign-in"], include_in_schema=False)

SIGN_IN = ("登录", "Sign in")
CODE = ("动态验证码", "Second step")


@router.get("/sign-in")
async def show_sign_in(request: Request, door: CurrentDoor, next: str = "") -> Response:  # noqa: A002 - the address's word
    """The form; whoever is signed in already goes on."""
    opened = await open_session(request, door)
    if opened is not None and opened.stage is Stage.FULL:
        return RedirectResponse(safe_path(next), 303)
    if opened is not None and opened.stage is Stage.SETUP:
        return RedirectResponse(setup_path(opened.member.must_change_password), 303)
    return _sign_in_page(request, door, next)


@router.post("/sign-in")
async def do_sign_in(
    request: Request,
    door: CurrentDoor,
    login: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    next: Annotated[str, Form(max_length=1000)] = "",  # noqa: A002
) -> Response:
    """Login and password."""
    try:
        entered = await sign_in.with_password(door, login, password, visitor_of(request))
    except StaffError as error:
        return _sign_in_page(request, door, next, status=error.status_code, problem=(error.zh, error.en))
    if entered is None:
        return _sign_in_page(request, door, next, status=403, problem=_REFUSED)
    return enter(door, entered, next)


@router.get("/sign-in/code")
async def show_code(request: Request, door: CurrentDoor, next: str = "") -> Response:  # noqa: A002
    """The second step; only after the first."""
    opened = await open_session(request, door)
    if opened is None or opened.stage is not Stage.CODE:
        return RedirectResponse("/console/sign-in", 303)
    return page(request, None, "staff/code.html", title=CODE, next=safe_path(next), problem=None)


@router.post("/sign-in/code")
async def do_code(
    request: Request,
    door: CurrentDoor,
    code: Annotated[str, Form(max_length=100)] = "",
    next: Annotated[str, Form(max_length=1000)] = "",  # noqa: A002
) -> Response:
    """A code of the authenticator, or a recovery code."""
    opened = await open_session(request, door)
    if opened is None or opened.stage is not Stage.CODE:
        return _sign_in_page(request, door, next, status=403, problem=_ANEW)
    entered = await sign_in.with_code(door, opened.session_hash, code, visitor_of(request))
    if entered is None:
        problem = ("验证码不对或已用过。", "The code is wrong or was used already.")
        return page(request, None, "staff/code.html", title=CODE, status=403, next=safe_path(next), problem=problem)
    return enter(door, entered, next)


@router.post("/sign-out")
async def sign_out(request: Request, door: CurrentDoor) -> Response:
    """Ends this browser's session; harmless without one."""
    opened = await open_session(request, door)
    if opened is not None:
        async with writing(door.sessions) as session:
            await sessions.end(session, opened.session_hash)
            member = opened.member
            await record(
                session,
                member.staff_id,
                "staff.sign-out",
                f"staff:{member.staff_id}",
                door.clock(),
                region_code=member.region_code,
            )
            await session.commit()
    response = RedirectResponse("/console/sign-in", 303)
    door.drop_cookie(response)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@router.post("/language")
async def choose_language(
    request: Request, door: CurrentDoor, language: Annotated[str, Form(max_length=10)] = "zh"
) -> Response:
    """Back to the page it was chosen on."""
    response = RedirectResponse(_page_before(request), 303)
    if language in ("zh", "en"):
        response.set_cookie(
            LANGUAGE_COOKIE, language, max_age=365 * 24 * 3600, samesite="lax", httponly=True, secure=door.production
        )
    return response


def enter(door: Door, entered: Entered, wanted: str) -> Response:
    """To the page that was wanted, or to what comes before it."""
    back = safe_path(wanted)
    if entered.stage is Stage.CODE:
        query = "" if back == HOME else f"?next={quote(back, safe='/')}"
        response = RedirectResponse(f"/console/sign-in/code{query}", 303)
    elif entered.stage is Stage.SETUP:
        response = RedirectResponse(setup_path(entered.member.must_change_password), 303)
    else:
        response = RedirectResponse(back, 303)
    if entered.stage is not Stage.CODE:
        door.remember_browser(response, entered.member)
    door.set_cookie(response, entered.secret)
    return response


def setup_path(must_change_password: bool) -> str:
    return "/console/account/password" if must_change_password else "/console/account/second-factor"


_REFUSED = (
    "登录名或密码不对，或者尝试次数过多。连续失败后账号会暂停 1 至 15 分钟。",
    "Login or password is wrong, or there were too many attempts. After failures an account rests 1 to 15 minutes.",
)
_ANEW = ("已超时或尝试次数过多，请重新登录。", "Too late or too many attempts: sign in again.")


def _sign_in_page(
    request: Request, door: Door, wanted: str, *, status: int = 200, problem: tuple[str, str] | None = None
) -> Response:
    provider = door.settings.oidc_name if door.settings.oidc_issuer else ""
    back = safe_path(wanted)
    return page(
        request, None, "staff/sign_in.html", title=SIGN_IN, status=status, next=back, problem=problem, provider=provider
    )


def _page_before(request: Request) -> str:
    """From the Referer, if it is a page of this host. The sign-in pages themselves are fine here."""
    try:
        parts = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return HOME
    if parts.netloc != request.headers.get("host", ""):
        return HOME
    if parts.path in ("/console/sign-in", "/console/sign-in/code"):
        return parts.path
    return safe_path(f"{parts.path}?{parts.query}" if parts.query else parts.path)
