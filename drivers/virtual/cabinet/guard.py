"""Keeps web pages of strangers away from the cabinet, and gives our own page a strict content policy.

Anything on this machine's loopback can be reached by every page its browser shows; so a call that changes something
must come from our own page or from no page at all, and the name in the address bar must be ours (DNS rebinding).
"""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from drivers.virtual.cabinet.vnc_bridge import same_origin

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class Guard:
    """ASGI middleware. `hosts`: the names, without port, under which the cabinet may be called."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        stranger = origin is not None and scope["method"] not in SAFE_METHODS and not same_origin(origin, host)
        if stranger or _name(host) not in self._hosts:
            await JSONResponse({"detail": "called from another site"}, 403)(scope, receive, send)
            return

        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                out = MutableHeaders(scope=message)
                out.setdefault("Content-Security-Policy", POLICY)
                out.setdefault("X-Content-Type-Options", "nosniff")
                out.setdefault("Referrer-Policy", "no-referrer")
                out.setdefault("Cache-Control", "no-cache")
            await send(message)

        await self._app(scope, receive, send_with_policy)


def _name(host: str) -> str:
    """The host without its port; IPv6 addresses keep their brackets."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower()
