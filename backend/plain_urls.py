"""Addresses that no text of ours can be equal to are refused at the door."""

from __future__ import annotations

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class PlainUrlsOnly:
    """Middleware: a NUL character in the path or in the query is answered with 400. PostgreSQL stores none in text and
    fails where one is looked for; SQLite finds nothing. So both answer the same, and no route has to think of it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and ("\x00" in scope["path"] or b"%00" in scope["query_string"]):
            problem = {"code": "invalid-request", "detail": "a NUL character in the address"}
            await JSONResponse(problem, 400)(scope, receive, send)
            return
        await self.app(scope, receive, send)
