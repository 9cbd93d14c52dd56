"""Requests that change something must come from our own pages (against cross-site request forgery).

SameSite=Strict keeps the cookie from coming along; this refuses what comes all the same: by Sec-Fetch-Site, which
pages cannot forge, else by Origin. A request that names neither is no browser's, and passes only without our cookie.
API tokens are exempt: no browser sends them by itself.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.staff.sessions import COOKIE

_GUARDED = ("/console", "/api/staff")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class OwnPagesOnly:
    """Middleware. `public_url`: where browsers reach us, if a proxy changes the Host header."""

    def __init__(self, app: ASGIApp, public_url: str) -> None:
        self.app = app
        self._public = urlsplit(public_url).netloc

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        guarded = scope["type"] == "http" and scope["method"] not in _SAFE and scope["path"].startswith(_GUARDED)
        if guarded and not _ours(Headers(scope=scope), self._public):
            refusal = JSONResponse({"code": "cross-site", "detail": "not sent by a page of ours"}, 403)
            await refusal(scope, receive, send)
            return
        await self.app(scope, receive, send)


def _ours(headers: Headers, public: str) -> bool:
    if headers.get("authorization", "").lower().startswith("bearer "):
        return True
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")  # "none": the person's own doing, such as sending a form anew
    origin = headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc in (headers.get("host", ""), public) and origin != "null"
    return COOKIE not in headers.get("cookie", "")
