"""The address of a network camera: what to connect to and what to ask. Never shown: it may hold a password."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True, repr=False)
class MjpegAddress:
    """`headers` hold the name and password (Basic, RFC 7617) when the address has them."""

    host: str
    port: int
    tls: bool
    target: str
    headers: dict[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return "MjpegAddress(…)"

    @classmethod
    def parse(cls, url: str) -> Self | None:
        """None when it is no http or https address."""
        try:
            parts = urlsplit(url)
            tls, port = parts.scheme == "https", parts.port
        except ValueError:
            return None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return None
        headers = {}
        if parts.username:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(parts.hostname, port or (443 if tls else 80), tls, target, headers)
