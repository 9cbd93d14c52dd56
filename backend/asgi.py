"""The backend as the server runs it: the paths that thousands of kiosks call all the time go straight to their raw
ASGI handlers, everything else to FastAPI."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.app import create_app
from backend.contract.fleet_api import FLEET_PREFIX
from backend.settings import BackendSettings

_HEARTBEAT = f"{FLEET_PREFIX}/heartbeat"
_WAIT = f"{FLEET_PREFIX}/wait"
_FILES = (f"{FLEET_PREFIX}/commands/", "/file")


def create_asgi(settings: BackendSettings | None = None) -> ASGIApp:
    """The whole backend as one ASGI app, lifespan included. Raises SettingsError."""
    return with_doors(create_app(settings))


def with_doors(app: FastAPI) -> ASGIApp:
    """The app behind the raw doors."""
    state = app.state

    async def whole(scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope.get("path", "")
        if path == _HEARTBEAT and scope["type"] == "http":
            await state.heartbeat_door(scope, receive, send)
        elif path == _WAIT and scope["type"] == "http":
            await state.wait_door(scope, receive, send)
        elif path.startswith(_FILES[0]) and path.endswith(_FILES[1]) and scope["type"] == "http":
            await state.upload_door(scope, receive, send)
        else:
            await app(scope, receive, send)

    state.takes_heartbeats = True
    return whole
