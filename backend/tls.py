"""The two ways a kiosk's certificate reaches us: our own TLS, or nginx's word for it.

uvicorn does not hand the client's certificate to the app. `KioskProtocol` looks at it once per connection and puts
the peer into the scope of each request. What a kiosk writes into headers is never looked at there.
"""

from __future__ import annotations

import hmac
import ssl
import time
from asyncio import Transport
from functools import lru_cache
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from backend.fleet.identity.peer import SCOPE_KEY, Peer, peer_from

# What nginx sets, and so replaces whatever the client sent under these names (see docs/decisions/0012).
VERIFY, SUBJECT, SERIAL, UNTIL, SECRET = (
    b"x-client-verify",  # $ssl_client_verify
    b"x-client-subject",  # $ssl_client_s_dn
    b"x-client-serial",  # $ssl_client_serial
    b"x-client-until",  # $ssl_client_v_end
    b"x-menkou-proxy",  # the secret of MENKOU_FLEET_PROXY_SECRET
)
_OURS = frozenset((VERIFY, SUBJECT, SERIAL, UNTIL, SECRET))


def kiosk_context(certificate: Path, key: Path, clients_pem: str) -> ssl.SSLContext:
    """TLS 1.2 or newer; a client certificate is asked for, and only our authority's is taken. Enrolment has none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(cadata=clients_pem)
    context.verify_mode = ssl.CERT_OPTIONAL
    # Every connection shows its certificate anew: one that has ended does not live on in a ticket.
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.num_tickets = 0
    context.set_alpn_protocols(["http/1.1"])
    return context


class KioskProtocol(HttpToolsProtocol):
    """HTTP over TLS, with the peer in the scope. No peer after its certificate's end: connections are kept long."""

    peer: Peer | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        self.peer = peer_of_certificate(tls.getpeercert()) if tls is not None else None

    def on_message_begin(self) -> None:
        super().on_message_begin()
        peer = self.peer
        if peer is not None and time.time() < peer.not_after:
            self.scope[SCOPE_KEY] = peer  # type: ignore[literal-required]


def peer_of_certificate(certificate: Any) -> Peer | None:
    """From what `ssl` says of a verified certificate."""
    if not certificate:
        return None
    names = [value for part in certificate.get("subject", ()) for name, value in part if name == "commonName"]
    return peer_from(names, certificate.get("serialNumber", ""), certificate.get("notAfter", ""))


class Proxied:
    """For a listener that only nginx reaches: believes its headers, and takes them out of the request.

    With a `secret`, only requests that carry it are answered (403 otherwise).
    """

    def __init__(self, app: ASGIApp, secret: str = "") -> None:
        self._app = app
        self._secret = secret.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            told: dict[bytes, bytes] = {}
            kept: list[tuple[bytes, bytes]] = []
            doubled = False
            for name, value in scope["headers"]:
                if name in _OURS:
                    doubled = doubled or name in told
                    told[name] = value
                else:
                    kept.append((name, value))
            if doubled or (self._secret and not hmac.compare_digest(told.get(SECRET, b""), self._secret)):
                await plain(send, 403, "not from the proxy")
                return
            scope = {**scope, "headers": kept}
            if told.get(VERIFY) == b"SUCCESS":
                peer = _told(told.get(SUBJECT, b""), told.get(SERIAL, b""), told.get(UNTIL, b""))
                if peer is not None and time.time() < peer.not_after:
                    scope[SCOPE_KEY] = peer
        await self._app(scope, receive, send)


class Only:
    """Answers these paths, and 404 to all others. A path ending in "/" stands for everything below it."""

    def __init__(self, app: ASGIApp, *, only: tuple[str, ...] = (), but: tuple[str, ...] = ()) -> None:
        self._app = app
        self._only = only
        self._but = but

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
            return
        if scope["type"] == "http":
            path: str = scope["path"]
            if (self._only and not _matches(path, self._only)) or _matches(path, self._but):
                await plain(send, 404, "not found")
                return
        await self._app(scope, receive, send)


async def plain(send: Send, status: int, text: str) -> None:
    """A short answer without the app."""
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(text)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})


def _matches(path: str, paths: tuple[str, ...]) -> bool:
    return any(path.startswith(each) if each.endswith("/") else path == each for each in paths)


@lru_cache(maxsize=131_072)
def _told(subject: bytes, serial: bytes, until: bytes) -> Peer | None:
    """The same few headers come with every request of a kiosk."""
    names = [part[3:] for part in subject.decode("latin-1").split(",") if part.startswith("CN=")]
    if subject.count(b"=") != 1:  # our certificates have a common name and nothing else
        return None
    return peer_from(names, serial.decode("latin-1"), until.decode("latin-1"))
