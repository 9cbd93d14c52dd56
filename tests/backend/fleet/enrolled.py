"""Kiosks that are enrolled without any certificate having been made, and requests that carry their peers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
from sqlalchemy import update
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.contract.fleet_api import IdentityState
from backend.db.engine import Sessions, writing
from backend.fleet.identity.peer import SCOPE_KEY, Peer
from backend.fleet.models import Kiosk, KioskPulse, KioskState, Site
from backend.fleet.register import add_kiosk
from backend.regions.synthetic import PROVINCE

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
VILLAGE = PROVINCE[:2] + "0101001001"
ELSEWHERE = PROVINCE[:2] + "0201001001"


def serial_of(kiosk_id: str) -> str:
    return f"{kiosk_id.encode().hex()[-16:].lstrip('0')}"


async def enrolled_kiosks(
    sessions: Sessions, *kiosk_ids: str, region: str = VILLAGE, at: datetime = START
) -> Sequence[str]:
    """Kiosks in force, all at one site."""
    async with writing(sessions) as session:
        site = await session.get(Site, f"S-{region}")
        if site is None:
            site = Site(site_id=f"S-{region}", region_code=region, name_zh="站", name_en="Point", created_at=at)
            session.add(site)
            await session.flush()
        for kiosk_id in kiosk_ids:
            kiosk = await add_kiosk(session, kiosk_id, site, at)
            kiosk.identity, kiosk.epoch = IdentityState.ENROLLED.value, 1
            await session.execute(
                update(KioskPulse)
                .where(KioskPulse.kiosk_id == kiosk_id)
                .values(accepts=True, serials=f"|{serial_of(kiosk_id)}|")
            )
        await session.commit()
    return kiosk_ids


async def pulse_of(sessions: Sessions, kiosk_id: str) -> KioskPulse:
    async with sessions() as session:
        found = await session.get(KioskPulse, kiosk_id)
        assert found is not None
        return found


async def state_of(sessions: Sessions, kiosk_id: str) -> KioskState:
    async with sessions() as session:
        found = await session.get(KioskState, kiosk_id)
        assert found is not None
        return found


async def kiosk_of(sessions: Sessions, kiosk_id: str) -> Kiosk:
    async with sessions() as session:
        found = await session.get(Kiosk, kiosk_id)
        assert found is not None
        return found


@asynccontextmanager
async def as_kiosk(app: ASGIApp, kiosk_id: str | None, serial: str = "") -> AsyncIterator[httpx.AsyncClient]:
    """A client whose requests come with this kiosk's certificate; None: without any."""

    async def with_peer(scope: Scope, receive: Receive, send: Send) -> None:
        if kiosk_id is not None:
            scope[SCOPE_KEY] = Peer(kiosk_id, serial or serial_of(kiosk_id))
        await app(scope, receive, send)

    transport = httpx.ASGITransport(with_peer)
    async with httpx.AsyncClient(transport=transport, base_url="https://desk.invalid") as client:
        yield client
