"""The least HTTP/1.1 over TLS that a measuring tool needs: one request at a time on a kept-alive connection.

A product would take an HTTP library. This one has to hold 18,000 connections in a process and to cost far less than
what it measures: no task, no stream and no header parser for a connection, TLS through memory buffers. It
understands what our desk and nginx answer: `Content-Length` or chunked bodies, no redirects, no compression.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from dataclasses import dataclass

_BIND_ADDRESS_NO_PORT = getattr(socket, "IP_BIND_ADDRESS_NO_PORT", 24)  # the port is chosen when it connects


class WireError(Exception):
    """The connection could not be made, or ended before the answer was whole. `kind` names it for counting."""

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(f"{kind}: {detail}" if detail else kind)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    head: bytes  # the header lines, as they came
    body: bytes

    def header(self, name: str) -> str | None:
        for line in self.head.split(b"\r\n")[1:]:
            key, _, value = line.partition(b":")
            if key.strip().lower() == name.lower().encode():
                return value.strip().decode("latin-1")
        return None

    @property
    def retry_after_s(self) -> float | None:
        try:
            return float(self.header("retry-after") or "")
        except ValueError:
            return None


class Tls:
    """One context for many identities: OpenSSL copies the certificate into each connection when it is made."""

    def __init__(self, ca_pem: str | None) -> None:
        """`ca_pem`: whom to trust; None: anybody (for what is sure to be thrown away)."""
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.set_alpn_protocols(["http/1.1"])
        if ca_pem is None:
            self.context.check_hostname = False
            self.context.verify_mode = ssl.CERT_NONE
        else:
            self.context.load_verify_locations(cadata=ca_pem)
        # The ssl module takes certificates from files only: this one lives in memory.
        self._file = os.memfd_create("menkou-simulator-identity")

    def use(self, identity_pem: str) -> None:
        """From now on connections show this key and chain, until the next call. Raises ssl.SSLError."""
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, identity_pem.encode(), 0)
        self.context.load_cert_chain(f"/proc/self/fd/{self._file}")

    def close(self) -> None:
        os.close(self._file)


class Wire(asyncio.Protocol):
    """One connection. Made by `connect`."""

    __slots__ = ("_buffer", "_closed", "_done", "_incoming", "_outgoing", "_shaken", "_tls", "_transport")

    def __init__(self, tls: Tls | None, host: str, identity_pem: str | None) -> None:
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._closed: str | None = None
        self._done: asyncio.Future[Reply] | None = None
        self._shaken: asyncio.Future[None] | None = asyncio.get_running_loop().create_future()
        self._tls: ssl.SSLObject | None = None
        if tls is not None:
            if identity_pem is not None:
                tls.use(identity_pem)
            self._incoming = ssl.MemoryBIO()
            self._outgoing = ssl.MemoryBIO()
            self._tls = tls.context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)

    @property
    def open(self) -> bool:
        return self._closed is None and self._transport is not None

    # What the loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write")  # noqa: S101
        self._transport = transport  # type: ignore[assignment]  # uvloop's own class
        if self._tls is None:
            self._end_handshake(None)
        else:
            self._shake()

    def data_received(self, data: bytes) -> None:
        if self._tls is None:
            self._take(data)
            return
        self._incoming.write(data)
        if self._shaken is not None:
            self._shake()
            if self._shaken is not None:
                return
        try:
            # 3.11: read() returns b"" at the end of TLS and raises when it wants more.
            while part := self._tls.read(65536):
                self._take(part)
            self._fail("closed")
        except ssl.SSLWantReadError:
            self._flush()
        except ssl.SSLError as error:
            self._fail(f"tls:{error.reason or type(error).__name__}")

    def connection_lost(self, error: Exception | None) -> None:
        self._fail("reset" if error else "closed")

    # What the kiosk calls

    async def ask(self, request: bytes, timeout_s: float = 30.0) -> Reply:
        """Send a whole request, wait for the whole reply. Raises WireError; after that the connection is gone."""
        self._begin()
        self.send(request)
        return await self.reply(timeout_s)

    def _begin(self) -> None:
        if self._closed is not None:
            raise WireError(self._closed)
        assert self._done is None, "one request at a time"  # noqa: S101
        self._done = asyncio.get_running_loop().create_future()

    def begin(self, first: bytes) -> None:
        """Send the first part of a request; more by `send`, then `reply`."""
        self._begin()
        self.send(first)

    def send(self, data: bytes) -> None:
        if self._transport is None or self._closed is not None:
            return
        if self._tls is None:
            self._transport.write(data)
            return
        try:
            self._tls.write(data)
        except ssl.SSLError as error:
            self._fail(f"tls:{error.reason or type(error).__name__}")
            return
        self._flush()

    async def reply(self, timeout_s: float) -> Reply:
        done = self._done
        assert done is not None  # noqa: S101
        timer = asyncio.get_running_loop().call_later(timeout_s, self._fail, "timeout")
        try:
            return await done
        finally:
            timer.cancel()
            self._done = None

    async def handshake(self, timeout_s: float) -> None:
        waiting = self._shaken
        if waiting is None:
            if self._closed is not None:
                raise WireError(self._closed)
            return
        timer = asyncio.get_running_loop().call_later(timeout_s, self._fail, "handshake-timeout")
        try:
            await waiting
        finally:
            timer.cancel()

    def pause(self, paused: bool) -> None:
        """A slow reader does not take what is sent to it."""
        if self._transport is not None and self._closed is None:
            (self._transport.pause_reading if paused else self._transport.resume_reading)()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()
        self._fail("closed")

    # Inside

    def _shake(self) -> None:
        assert self._tls is not None  # noqa: S101
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
            return
        except ssl.SSLError as error:
            self._flush()
            self._fail(f"tls:{error.reason or type(error).__name__}")
            return
        self._flush()
        self._end_handshake(None)

    def _end_handshake(self, error: WireError | None) -> None:
        waiting, self._shaken = self._shaken, None
        if waiting is not None and not waiting.done():
            if error is None:
                waiting.set_result(None)
            else:
                waiting.set_exception(error)
                waiting.exception()  # whoever waited may have been cancelled: then nobody needs to be told

    def _flush(self) -> None:
        if self._transport is not None and self._outgoing.pending:
            self._transport.write(self._outgoing.read())

    def _take(self, data: bytes) -> None:
        if self._done is None:
            return  # nobody asked: the connection's end is told by connection_lost
        self._buffer = self._buffer + data if self._buffer else data
        try:
            found = parse(self._buffer)
        except ValueError as error:
            self._fail(f"http:{error}")
            return
        if found is None:
            return
        reply, used = found
        self._buffer = self._buffer[used:]
        if not self._done.done():
            self._done.set_result(reply)
        if reply.header("connection") == "close":
            self._closed = "closed"
            if self._transport is not None:
                self._transport.close()

    def _fail(self, kind: str) -> None:
        if self._closed is None:
            self._closed = kind
            if self._transport is not None:
                self._transport.abort()
        self._end_handshake(WireError(kind))
        if self._done is not None and not self._done.done():
            self._done.set_exception(WireError(kind))
            self._done.exception()


def parse(data: bytes) -> tuple[Reply, int] | None:
    """The first whole reply in `data` and its length; None: more is needed. Raises ValueError."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = data[:end]
    if not head.startswith(b"HTTP/1.1 "):
        raise ValueError("not HTTP/1.1")
    status = int(head[9:12])
    start = end + 4
    if status == 100:
        inner = parse(data[start:])
        return inner and (inner[0], inner[1] + start)
    lower = head.lower()
    if b"\r\ntransfer-encoding: chunked" in lower:
        whole = _chunks(data, start)
        return whole and (Reply(status, head, whole[0]), whole[1])
    at = lower.find(b"\r\ncontent-length:")
    length = 0
    if at >= 0:
        stop = lower.find(b"\r\n", at + 2)
        length = int(lower[at + 17 : stop if stop > 0 else None])
    elif status not in (204, 304):
        raise ValueError("no length")
    if len(data) < start + length:
        return None
    return Reply(status, head, data[start : start + length]), start + length


def _chunks(data: bytes, at: int) -> tuple[bytes, int] | None:
    parts: list[bytes] = []
    while True:
        line = data.find(b"\r\n", at)
        if line < 0:
            return None
        size = int(data[at:line].split(b";")[0], 16)
        if len(data) < line + 2 + size + 2:
            return None
        if size == 0:
            return b"".join(parts), line + 4
        parts.append(data[line + 2 : line + 2 + size])
        at = line + 2 + size + 2


@dataclass(frozen=True)
class Target:
    """Where the desk is. `host` is the name in its certificate and in `Host`."""

    host: str
    port: int
    address: str
    tls: bool = True


async def connect(
    target: Target, tls: Tls | None, *, source: str = "", identity_pem: str | None = None, timeout_s: float = 30.0
) -> Wire:
    """A connection after its handshake. Raises WireError.

    `source`: our own address; there are only so many ports to one.
    """
    loop = asyncio.get_running_loop()
    plug = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        plug.setblocking(False)
        plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if source:
            plug.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
            plug.bind((source, 0))
        async with asyncio.timeout(timeout_s):
            await loop.sock_connect(plug, (target.address, target.port))
        wire = Wire(tls if target.tls else None, target.host, identity_pem)
        await loop.create_connection(lambda: wire, sock=plug)
    except (OSError, TimeoutError) as error:
        plug.close()
        raise WireError("connect", type(error).__name__) from None
    try:
        await wire.handshake(timeout_s)
    except BaseException:
        wire.close()
        raise
    return wire
