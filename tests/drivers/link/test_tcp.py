"""TCP byte streams, against a printer's socket."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from drivers.link.stream import LinkLost
from drivers.link.tcp import TcpSettings, TcpStream, open_tcp
from drivers.virtual.pty import Delivery
from drivers.virtual.raw_port import VirtualRawPort
from tests.drivers.link.waiting import PATIENCE_S, until


@pytest.fixture
async def port() -> AsyncIterator[VirtualRawPort]:
    port = VirtualRawPort()
    port.plug()
    yield port
    port.unplug()


@pytest.fixture
async def stream(port: VirtualRawPort) -> AsyncIterator[TcpStream]:
    opened = await open_tcp(TcpSettings("127.0.0.1", port.port))
    await until(lambda: port.has_client)
    yield opened
    await opened.close()


async def read_exactly(stream: TcpStream, n: int) -> bytes:
    data = b""
    async with asyncio.timeout(PATIENCE_S):
        while len(data) < n:
            data += await stream.read(n - len(data))
    return data


async def test_bytes_go_both_ways_untouched(port: VirtualRawPort, stream: TcpStream) -> None:
    everything = bytes(range(256))
    await stream.write(everything)
    received = b""
    async with asyncio.timeout(PATIENCE_S):
        while len(received) < 256:
            received += await port.read()
    assert received == everything
    await port.send(everything, Delivery(byte_by_byte=True))
    assert await read_exactly(stream, 256) == everything


async def test_far_end_that_closes_ends_a_waiting_read(port: VirtualRawPort, stream: TcpStream) -> None:
    reading = asyncio.create_task(stream.read(1))
    await asyncio.sleep(0)
    port.unplug()
    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(LinkLost):
            await reading
        await stream.wait_lost()
    assert not stream.connected
    with pytest.raises(LinkLost):
        await stream.write(b"x")


async def test_nobody_listens(port: VirtualRawPort) -> None:
    port.unplug()
    with pytest.raises(LinkLost, match="ConnectionRefusedError"):
        await open_tcp(TcpSettings("127.0.0.1", port.port))


async def test_no_answer_in_time() -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=0)
    fillers = []
    try:
        address = listener.getsockname()
        for _ in range(4):  # a full backlog answers nobody
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(address)
            fillers.append(filler)
        with pytest.raises(LinkLost, match="no answer"):
            await open_tcp(TcpSettings(address[0], address[1], connect_timeout_s=0.2))
    finally:
        for line in (*fillers, listener):
            line.close()


async def test_one_client_at_a_time(port: VirtualRawPort, stream: TcpStream) -> None:
    try:
        second = await open_tcp(TcpSettings("127.0.0.1", port.port))
    except LinkLost:  # the reset may come before the connection is through
        pass
    else:
        async with asyncio.timeout(PATIENCE_S):
            await second.wait_lost()
        await second.close()
    assert port.refused == 1
    assert stream.connected
    await stream.close()
    await until(lambda: not port.has_client)
    third = await open_tcp(TcpSettings("127.0.0.1", port.port))
    await until(lambda: port.has_client)
    assert third.connected
    await third.close()


async def test_far_end_that_never_reads_blocks_writing_and_not_the_loop(
    port: VirtualRawPort, stream: TcpStream
) -> None:
    port.read_nothing()

    async def fill() -> None:
        while True:
            await stream.write(os.urandom(256_000))

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(fill(), 0.3)
    async with asyncio.timeout(PATIENCE_S):
        await stream.close()  # does not wait for bytes nobody takes


async def test_idle_connections_are_probed(stream: TcpStream) -> None:
    """A terminal switched off over night leaves a connection that only the kernel's probes find dead."""
    line = stream._transport.get_extra_info("socket")  # type: ignore[union-attr]
    assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == TcpSettings("", 0).keep_alive_s
    assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL) == 5
    assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT) == 3
    assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1


async def test_closing_leaves_no_descriptor(port: VirtualRawPort) -> None:
    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    async def once() -> None:
        opened = await open_tcp(TcpSettings("127.0.0.1", port.port))
        await until(lambda: port.has_client)
        await opened.close()
        await opened.close()
        await until(lambda: not port.has_client)

    await once()
    before = descriptors()
    for _ in range(10):
        await once()
    assert descriptors() == before


async def test_line_that_breaks_at_once_is_lost_and_no_bug(
    port: VirtualRawPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OSError("bad descriptor")

    monkeypatch.setattr("asyncio.trsock.TransportSocket.setsockopt", broken)
    with pytest.raises(LinkLost):
        await open_tcp(TcpSettings("127.0.0.1", port.port))
    await until(lambda: not port.has_client)
