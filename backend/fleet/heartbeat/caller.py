"""Which kiosk is calling, and is its certificate the one in force? For everything but the heartbeat itself, whose
statement asks the same."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.contract.fleet_api import FleetProblem, IdentityState
from backend.fleet.heartbeat.answers import Refusal
from backend.fleet.identity.peer import Peer, peer_of
from backend.fleet.models import Kiosk, KioskPulse


class Stranger(Refusal):
    """No certificate, or none of a kiosk in force."""


def peer_or_refuse(scope: Any) -> Peer:
    """Raises Stranger."""
    peer = peer_of(scope)
    if peer is None:
        raise Stranger(FleetProblem.NO_CERTIFICATE, "a client certificate is needed")
    return peer


async def caller(session: AsyncSession, scope: Any) -> str:
    """The kiosk's name. Raises Stranger."""
    peer = peer_or_refuse(scope)
    row = (
        await session.execute(
            select(KioskPulse.accepts, KioskPulse.serials, Kiosk.identity)
            .join(Kiosk, Kiosk.kiosk_id == KioskPulse.kiosk_id)
            .where(KioskPulse.kiosk_id == peer.kiosk_id)
        )
    ).first()
    refuse_stranger(peer, row)
    return peer.kiosk_id


def refuse_stranger(peer: Peer, row: Any) -> None:
    """`row`: accepts, serials, identity of the peer's kiosk, or None. Raises Stranger."""
    if row is None or f"|{peer.serial}|" not in row.serials:
        raise Stranger(FleetProblem.UNKNOWN_IDENTITY, "this certificate is not in force")
    if row.identity == IdentityState.QUARANTINED:
        raise Stranger(FleetProblem.QUARANTINED, "this identity was seen twice; staff must look at it")
    if not row.accepts:
        raise Stranger(FleetProblem.UNKNOWN_IDENTITY, f"this kiosk is {row.identity}")
