"""Who is at the other end of the connection, as far as TLS has proved it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SCOPE_KEY = "menkou_peer"


@dataclass(frozen=True)
class Peer:
    """A kiosk's verified client certificate. Whether it is still the one in force is the database's to say."""

    kiosk_id: str
    serial: str  # of the certificate, lower-case hex without leading zeros


def peer_of(scope: Any) -> Peer | None:
    """The peer of an ASGI scope; None without a certificate of our authority. Costs a dictionary look-up."""
    peer: Peer | None = scope.get(SCOPE_KEY)
    return peer
