"""The kiosk's side of `backend.contract.fleet_api`. Expected answers are values; every call may be repeated."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote

import httpx
import msgspec
import structlog

from backend.contract.fleet_api import (
    FLEET_PREFIX,
    CommandAck,
    Enrolled,
    EnrolRequest,
    FleetProblem,
    Heartbeat,
    HeartbeatReply,
    Orders,
    Problem,
    RenewRequest,
    RolloutReport,
    Settings,
)

log = structlog.get_logger()
T = TypeVar("T")

_TIMEOUT_S = 15.0
_UPLOAD_S = 120.0
_KEPT_S = 600.0
_CONTENT_KEPT_S = 10.0
_MAX_ANSWER = 1 << 20  # bytes
_MAX_REFUSAL = 64 * 1024  # bytes
_MAX_RETRY_AFTER_S = 3600.0
_HANDSHAKES_REFUSED = ("certificate expired", "certificate revoked", "bad certificate", "certificate unknown")
_SSL_ERROR = 495  # nginx's own number for it; it answers 400 and says so in a page

CERTIFICATE_REFUSED = "certificate-refused"  # ours, by TLS itself: it has run out


def _watchful() -> list[tuple[int, int, int]]:
    """A line that has died without a word is noticed within a quarter of a minute, though nothing is said on it."""
    options = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    for name, value in (
        ("TCP_KEEPIDLE", 5),  # seconds
        ("TCP_KEEPINTVL", 3),
        ("TCP_KEEPCNT", 3),
        ("TCP_USER_TIMEOUT", 14_000),  # milliseconds
    ):
        if hasattr(socket, name):
            options.append((socket.IPPROTO_TCP, getattr(socket, name), value))
    return options


@dataclass(frozen=True)
class DeskRefusal:
    """The desk said no. `retry_after_s`: when to ask again, if it said so. `last_seq`: the highest number it has taken
    from us, if ours was behind."""

    status: int
    code: str
    retry_after_s: float | None = None
    last_seq: int | None = None

    @property
    def not_ours(self) -> bool:
        """This identity opens nothing any more: revoked, replaced or seen twice."""
        return self.code in (
            CERTIFICATE_REFUSED,
            FleetProblem.UNKNOWN_IDENTITY,
            FleetProblem.QUARANTINED,
            FleetProblem.NO_CERTIFICATE,
        )


@dataclass(frozen=True)
class DeskSilent:
    """No usable answer: the desk may or may not have taken it."""

    reason: str


DeskFault = DeskRefusal | DeskSilent


class FleetDesk:
    """One kept-alive connection for the heartbeats and one for the long poll. Everything else is rare and comes on
    connections that are closed again: a desk holds two of every kiosk. `context` None: plain HTTP, for tests."""

    def __init__(
        self, url: str, context: ssl.SSLContext | None, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        verify = context if context is not None else True

        def client(connections: int, kept: int, kept_s: float = _KEPT_S) -> httpx.AsyncClient:
            limits = httpx.Limits(max_connections=connections, max_keepalive_connections=kept, keepalive_expiry=kept_s)
            return httpx.AsyncClient(
                base_url=url + FLEET_PREFIX,
                timeout=httpx.Timeout(_TIMEOUT_S, connect=5.0),
                transport=transport
                or httpx.AsyncHTTPTransport(verify=verify, limits=limits, trust_env=False, socket_options=_watchful()),
                trust_env=False,
            )

        self._beats = client(1, 1)
        self._poll = client(1, 1)
        self._other = client(3, 0)
        # Many small files one after the other: a handshake for each would cost the desk more than the files.
        self._content = client(2, 1, _CONTENT_KEPT_S)

    async def close(self) -> None:
        await self._beats.aclose()
        await self._poll.aclose()
        await self._other.aclose()
        await self._content.aclose()

    async def enrol(self, request: EnrolRequest) -> Enrolled | DeskFault:
        return await self._call(Enrolled, "POST", "/enrol", request)

    async def renew(self, request: RenewRequest) -> Enrolled | DeskFault:
        return await self._call(Enrolled, "POST", "/renew", request)

    async def heartbeat(self, heartbeat: Heartbeat) -> HeartbeatReply | DeskFault:
        return await self._call(HeartbeatReply, "POST", "/heartbeat", heartbeat, client=self._beats)

    async def wait(self, seconds: int) -> Orders | DeskFault:
        return await self._call(Orders, "GET", f"/wait?seconds={seconds}", client=self._poll, timeout_s=seconds + 10.0)

    async def settings(self) -> Settings | DeskFault:
        return await self._call(Settings, "GET", "/settings")

    async def ack(self, command_id: str, ack: CommandAck) -> DeskFault | None:
        return await self._tell("POST", f"/commands/{quote(command_id, safe='')}/ack", msgspec.json.encode(ack))

    async def put_file(self, command_id: str, data: bytes, content_type: str) -> DeskFault | None:
        return await self._tell("PUT", f"/commands/{quote(command_id, safe='')}/file", data, content_type, _UPLOAD_S)

    async def report(self, rollout_id: str, report: RolloutReport) -> DeskFault | None:
        return await self._tell("POST", f"/rollouts/{quote(rollout_id, safe='')}/report", msgspec.json.encode(report))

    @asynccontextmanager
    async def payload(self, release_id: str, start: int) -> AsyncIterator[httpx.Response | DeskFault]:
        """The payload from byte `start` on, to be read by `aiter_bytes`; 206, or 200 from the beginning."""
        async with self._stream(self._other, f"/releases/{quote(release_id, safe='')}/payload", start) as reply:
            yield reply

    @asynccontextmanager
    async def metadata(self, name: str) -> AsyncIterator[httpx.Response | DeskFault]:
        """A file of the signed metadata, such as `timestamp.json`."""
        async with self._stream(self._content, f"/tuf/metadata/{quote(name, safe='')}", 0) as reply:
            yield reply

    @asynccontextmanager
    async def content(self, sha256: str, start: int) -> AsyncIterator[httpx.Response | DeskFault]:
        """A file of some content release from byte `start` on, by its digest."""
        async with self._stream(self._content, f"/tuf/content/objects/{sha256}", start) as reply:
            yield reply

    @asynccontextmanager
    async def _stream(
        self, client: httpx.AsyncClient, path: str, start: int
    ) -> AsyncIterator[httpx.Response | DeskFault]:
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
        request = client.build_request("GET", path, headers=headers)
        try:
            reply = await client.send(request, stream=True)
        except (httpx.HTTPError, OSError) as error:
            yield DeskSilent(type(error).__name__)
            return
        try:
            if reply.is_success:
                yield reply
            else:
                yield await _told(reply)
        finally:
            await reply.aclose()

    async def _call(
        self,
        kind: type[T],
        method: str,
        path: str,
        body: msgspec.Struct | None = None,
        *,
        client: httpx.AsyncClient | None = None,
        timeout_s: float | None = None,
    ) -> T | DeskFault:
        content = msgspec.json.encode(body) if body is not None else b""
        reply = await self._send(client or self._other, method, path, content, "application/json", timeout_s)
        if not isinstance(reply, httpx.Response):
            return reply
        if len(reply.content) > _MAX_ANSWER:
            return DeskSilent("answer too large")
        try:
            return msgspec.json.decode(reply.content, type=kind)
        except msgspec.MsgspecError:
            log.error("desk_reply_invalid", kind=kind.__name__)
            return DeskSilent("invalid reply")

    async def _tell(
        self,
        method: str,
        path: str,
        content: bytes,
        content_type: str = "application/json",
        timeout_s: float | None = None,
    ) -> DeskFault | None:
        reply = await self._send(self._other, method, path, content, content_type, timeout_s)
        return None if isinstance(reply, httpx.Response) else reply

    async def _send(
        self,
        client: httpx.AsyncClient,
        method: str,
        path: str,
        content: bytes,
        content_type: str,
        timeout_s: float | None,
    ) -> httpx.Response | DeskFault:
        try:
            # httpx times out between bytes only: a line that trickles must not hold the agent up.
            async with asyncio.timeout(2 * (timeout_s or _TIMEOUT_S)):
                reply = await client.request(
                    method,
                    path,
                    content=content or None,
                    headers={"Content-Type": content_type} if content else None,
                    timeout=timeout_s if timeout_s is not None else client.timeout,
                )
        except (httpx.HTTPError, TimeoutError, ssl.SSLError, OSError) as error:
            if _refused_by_tls(error):
                return DeskRefusal(_SSL_ERROR, CERTIFICATE_REFUSED)
            return DeskSilent(type(error).__name__)
        return reply if reply.is_success else refusal(reply)


async def _told(reply: httpx.Response) -> DeskFault:
    """What a refusal says that was asked for as a stream; it may have no end."""
    body = b""
    try:
        async for chunk in reply.aiter_raw():
            body += chunk
            if len(body) > _MAX_REFUSAL:
                break
    except httpx.HTTPError as error:
        return DeskSilent(type(error).__name__)
    kept = {name: value for name, value in reply.headers.items() if name == "retry-after"}
    return refusal(httpx.Response(reply.status_code, headers=kept, content=body[:_MAX_REFUSAL]))


def _refused_by_tls(error: BaseException | None) -> bool:
    """The other side has looked at our certificate and broken the connection off."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        words = str(error).lower().replace("_", " ")
        if isinstance(error, ssl.SSLError) and "alert" in words and any(word in words for word in _HANDSHAKES_REFUSED):
            return True
        error = error.__cause__ or error.__context__
    return False


def refusal(reply: httpx.Response) -> DeskRefusal:
    """What an answer that is no success says."""
    try:
        problem = msgspec.json.decode(reply.content, type=Problem)
    except msgspec.MsgspecError:
        ours = reply.status_code == 400 and b"SSL certificate error" in reply.content[:2000]
        problem = Problem(CERTIFICATE_REFUSED if ours else f"http-{reply.status_code}")
    return DeskRefusal(
        reply.status_code,
        problem.code[:80],
        _retry_after(reply.headers.get("retry-after", "")),
        None if isinstance(problem.last_seq, msgspec.UnsetType) else problem.last_seq,
    )


def _retry_after(text: str) -> float | None:
    """Seconds; a date, nonsense or a threat of years is not obeyed."""
    return min(float(text), _MAX_RETRY_AFTER_S) if text.isdecimal() and text.isascii() else None
