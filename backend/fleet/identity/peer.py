"""Who is at the other end of the connection, as far as TLS has proved it."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Any

SCOPE_KEY = "menkou_peer"


@dataclass(frozen=True)
class Peer:
    """A kiosk's verified client certificate. Whether it is still the one in force is the database's to say."""

    kiosk_id: str
    serial: str  # of the certificate, lower-case hex without leading zeros
    not_after: float = float("inf")  # Unix seconds; the listeners hand on no peer after it


def peer_of(scope: Any) -> Peer | None:
    """The peer of an ASGI scope; None without a certificate of our authority. Costs a dictionary look-up."""
    peer: Peer | None = scope.get(SCOPE_KEY)
    return peer


def peer_from(names: list[str], serial: str, not_after: str) -> Peer | None:
    """From a certificate's common names, serial number (hex) and end (OpenSSL's text). None if it is not a kiosk's."""
    if len(names) != 1 or not names[0]:
        return None
    try:
        return Peer(names[0], f"{int(serial, 16):x}", ssl.cert_time_to_seconds(not_after))
    except ValueError:
        return None
