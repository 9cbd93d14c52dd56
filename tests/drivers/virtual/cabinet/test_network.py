from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from drivers.virtual.cabinet.events import EventLog
from drivers.virtual.cabinet.network import Cable, CableState

PATIENCE_S = 20.0


@pytest.fixture
async def cable() -> AsyncIterator[Cable]:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    cable = Cable("127.0.0.1", 0, f"http://127.0.0.1:{port}", EventLog())
    await cable.start()
    yield cable
    await cable.stop()
    server.close()


async def test_bytes_pass_both_ways(cable: Cable) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", cable.port)
    writer.write(b"hello")
    assert await asyncio.wait_for(reader.readexactly(5), PATIENCE_S) == b"hello"
    assert cable.connections == 1
    writer.write_eof()
    assert await asyncio.wait_for(reader.read(), PATIENCE_S) == b""
    writer.close()


async def test_cutting_resets_and_refuses_and_mending_mends(cable: Cable) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", cable.port)
    writer.write(b"x")
    await asyncio.wait_for(reader.readexactly(1), PATIENCE_S)
    await cable.set_state(CableState.CUT)
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(reader.read(), PATIENCE_S)
    writer.close()
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", cable.port)

    port = cable.port
    await cable.set_state(CableState.CONNECTED)
    assert cable.port == port
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"again")
    assert await asyncio.wait_for(reader.readexactly(5), PATIENCE_S) == b"again"
    writer.close()


async def test_stalled_line_keeps_bytes_back(cable: Cable) -> None:
    await cable.set_state(CableState.STALLED)
    reader, writer = await asyncio.open_connection("127.0.0.1", cable.port)
    writer.write(b"late")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.readexactly(4), 0.3)
    await cable.set_state(CableState.CONNECTED)
    assert await asyncio.wait_for(reader.readexactly(4), PATIENCE_S) == b"late"
    writer.close()


async def test_backend_is_looked_at_past_the_cable(cable: Cable) -> None:
    await cable.set_state(CableState.CUT)
    assert await cable.check_backend()
    assert not await Cable("127.0.0.1", 0, "http://127.0.0.1:9", EventLog()).check_backend()
