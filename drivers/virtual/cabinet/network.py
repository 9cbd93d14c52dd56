"""The network cable between kiosk and backend: a TCP relay that can be cut, and mended again."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from enum import StrEnum
from urllib.parse import urlsplit

from drivers.virtual.cabinet.events import EventLog


class CableState(StrEnum):
    CONNECTED = "connected"
    CUT = "cut"  # running connections are reset, new ones refused
    STALLED = "stalled"  # connections open, but no byte moves: the nastier fault


class Cable:
    """The kiosk talks to `port`; what it says comes out at the backend."""

    def __init__(self, host: str, port: int, backend_url: str, events: EventLog) -> None:
        self._host = host
        self.port = port
        url = urlsplit(backend_url)
        self._target = (url.hostname or "127.0.0.1", url.port or (443 if url.scheme == "https" else 80))
        self._events = events
        self._server: asyncio.Server | None = None
        self._flowing = asyncio.Event()
        self._open: set[asyncio.StreamWriter] = set()
        self.state = CableState.CUT

    @property
    def connections(self) -> int:
        return len(self._open) // 2

    async def start(self) -> None:
        await self.set_state(CableState.CONNECTED)

    async def stop(self) -> None:
        await self._cut()

    async def set_state(self, state: CableState) -> None:
        if state is CableState.CUT:
            await self._cut()
        else:
            if self._server is None:
                self._server = await asyncio.start_server(self._relay, self._host, self.port)
                self.port = self._server.sockets[0].getsockname()[1]
            if state is CableState.CONNECTED:
                self._flowing.set()
            else:
                self._flowing.clear()
        if state is not self.state:
            self._events.add("network", f"cable {state.value}")
        self.state = state

    async def check_backend(self) -> bool:
        """True if something listens at the backend's own address (not through the cable)."""
        try:
            async with asyncio.timeout(1.0):
                _, writer = await asyncio.open_connection(*self._target)
        except (OSError, TimeoutError):
            return False
        await _close(writer)
        return True

    async def _cut(self) -> None:
        self._flowing.clear()
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._open):
            _reset(writer)
        # The relays notice by themselves; give them the turn of the loop they need.
        await asyncio.sleep(0)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._target)
        except OSError:
            _reset(writer)
            return
        both = {writer, far_writer}
        self._open |= both
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, far_writer))
                group.create_task(self._pump(far_reader, writer))
        finally:
            self._open -= both
            for end in both:
                await _close(end)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Drop the connection with an RST, as a pulled cable ends up for the one who keeps talking."""
    sock: socket.socket | None = writer.get_extra_info("socket")
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
