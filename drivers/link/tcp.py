"""TCP connections as byte streams."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass

from drivers.link.stream import LinkLost, ReceiveBuffer


@dataclass(frozen=True)
class TcpSettings:
    """`keep_alive_s`: an idle connection is probed by the kernel after this long, so that a terminal that was switched
    off over night is noticed before a resident pays."""

    host: str
    port: int
    connect_timeout_s: float = 3.0
    keep_alive_s: int = 20


class TcpStream(asyncio.Protocol):
    """A `ByteStream` on one TCP connection; made by `open_tcp`."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = ReceiveBuffer()
        self._lost = asyncio.Event()
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._closing = False

    def __repr__(self) -> str:  # asyncio's exception handler prints it
        return f"<TcpStream {'open' if self.connected else 'lost'}>"

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type checker
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received.feed(data)

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._received.end()
        self._may_write.set()
        self._lost.set()

    # ByteStream

    @property
    def connected(self) -> bool:
        return self._transport is not None and not self._closing and not self._transport.is_closing()

    async def read(self, n: int) -> bytes:
        return await self._received.take(n)

    async def write(self, data: bytes) -> None:
        if not self.connected or self._transport is None:
            raise LinkLost("connection closed")
        self._transport.write(data)
        await self._may_write.wait()
        if not self.connected:
            raise LinkLost("connection closed while writing")

    def drain_input(self) -> int:
        return self._received.drain()

    async def wait_lost(self) -> None:
        await self._lost.wait()

    async def close(self) -> None:
        self._closing = True
        if self._transport is not None and not self._lost.is_set():
            self._transport.abort()
        await self._lost.wait()
        self._received.drain()


async def open_tcp(settings: TcpSettings) -> TcpStream:
    """Connect now; LinkLost when nobody listens there or does not answer in time."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(settings.connect_timeout_s):
            transport, stream = await loop.create_connection(TcpStream, settings.host, settings.port)
    except TimeoutError as error:
        raise LinkLost(f"cannot connect to {settings.host}:{settings.port}: no answer") from error
    except OSError as error:
        raise LinkLost(f"cannot connect to {settings.host}:{settings.port}: {type(error).__name__}") from error
    line = transport.get_extra_info("socket")
    try:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, settings.keep_alive_s)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, max(1, settings.keep_alive_s // 4))
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
    except OSError as error:  # reset in the same moment, by a device that serves another client
        await stream.close()
        raise LinkLost(f"cannot connect to {settings.host}:{settings.port}: {type(error).__name__}") from error
    return stream
