"""Who is at the browser: for the pages of sign-in and of one's own account."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from backend.staff import sessions
from backend.staff.access import sign_in_first
from backend.staff.door import KNOWN, door_of
from backend.staff.gate import open_session
from backend.staff.sessions import Open, Stage
from backend.staff.sign_in import Visitor


def visitor_of(request: Request) -> Visitor:
    secret = request.cookies.get(door_of(request).cookie, "")
    return Visitor(
        browser=browser_of(request),
        known=request.cookies.get(KNOWN, ""),
        session_hash=sessions.digest(secret) if secret else "",
    )


def browser_of(request: Request) -> str:
    """As it names itself, for the list of one's sessions."""
    return "".join(c for c in request.headers.get("user-agent", "") if c.isprintable())[:120]


async def account_holder(request: Request) -> Open:
    """Somebody with a session of their own, who may still have to set up a password or second factor. Never a token:
    what is done here concerns the person."""
    opened = await open_session(request, door_of(request))
    if opened is None or opened.stage is Stage.CODE:
        raise sign_in_first()
    return opened


account_holder.permission = None  # type: ignore[attr-defined]  # any staff member; read by the test that walks all routes

Holder = Annotated[Open, Depends(account_holder)]
