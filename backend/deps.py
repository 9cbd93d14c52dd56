"""What routes ask for.

`DbSession` is one session per request: commit yourself, anything uncommitted is rolled back. In a POST it takes
SQLite's write lock at its first statement, so commit before you call another system.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from sqlalchemy.ext.asyncio import AsyncSession

from backend.catalogue import Catalogue
from backend.contract.fleet_api import FleetProblem
from backend.db.engine import Sessions, mark_writing, writing
from backend.devices.service import find_by_token
from backend.exchange.client import ExchangeClient
from backend.fleet.identity import certificates
from backend.fleet.identity.peer import peer_of
from backend.fleet.wire import FleetRefused
from backend.settings import BackendSettings


@dataclass(frozen=True)
class Kiosk:
    """The kiosk that sent this request."""

    kiosk_id: str
    site: str


def get_settings(request: Request) -> BackendSettings:
    settings: BackendSettings = request.app.state.settings
    return settings


def get_sessions(request: Request) -> Sessions:
    """The session factory, for work that outlives or splits the request's transaction."""
    sessions: Sessions = request.app.state.sessions
    return sessions


def get_exchange(request: Request) -> ExchangeClient:
    exchange: ExchangeClient = request.app.state.exchange
    return exchange


def get_catalogue(request: Request) -> Catalogue:
    catalogue: Catalogue = request.app.state.catalogue
    return catalogue


async def get_session(request: Request) -> AsyncIterator[AsyncSession]:
    async with get_sessions(request)() as session:
        if request.method not in ("GET", "HEAD"):
            mark_writing(session)
        yield session


async def current_kiosk(request: Request) -> Kiosk:
    """The kiosk of the client certificate, if it is in force now; a refusal of the fleet's wire otherwise.

    Embedded, the `Authorization: Bearer` token of `menkou backend token` does too; a production knows no tokens.
    """
    peer = peer_of(request.scope)
    if peer is not None:
        async with get_sessions(request)() as session:  # its own, so that the request's transaction starts late
            known = await certificates.check_peer(session, peer)
        if known.renewed(peer):
            async with writing(get_sessions(request)) as session:
                await certificates.settle(session, peer.kiosk_id, peer.serial, datetime.now(UTC))
                await session.commit()
        return Kiosk(known.kiosk.kiosk_id, known.site.name_zh)
    if get_settings(request).environment != "embedded":
        raise FleetRefused(FleetProblem.NO_CERTIFICATE, "a client certificate of this desk is needed")
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        async with get_sessions(request)() as session:
            device = await find_by_token(session, token.strip())
        if device is not None:
            return Kiosk(device.kiosk_id, device.site)
    raise HTTPException(401, "device token missing or unknown", headers={"WWW-Authenticate": "Bearer"})


DbSession = Annotated[AsyncSession, Depends(get_session)]
CurrentKiosk = Annotated[Kiosk, Depends(current_kiosk)]
CurrentCatalogue = Annotated[Catalogue, Depends(get_catalogue)]
CurrentSettings = Annotated[BackendSettings, Depends(get_settings)]
CurrentSessions = Annotated[Sessions, Depends(get_sessions)]
Exchange = Annotated[ExchangeClient, Depends(get_exchange)]
