"""The far end of TCP port 9100, as printers have it: one client at a time, no protocol of its own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import Literal

from drivers.virtual.pty import CLEAN, Delivery


class VirtualRawPort:
    """A network printer's socket on 127.0.0.1; `port` 0 takes a free one and keeps it. Needs a running asyncio loop.

    `second`: what a client gets while another is served: "refuse" resets it, "hang" leaves it in the air until the
    first has gone.
    """

    def __init__(self, port: int = 0, *, second: Literal["refuse", "hang"] = "refuse") -> None:
        self.port = port
        self.second = second
        self.refused = 0
        self.accepted = 0
        self._listener: socket.socket | None = None
        self._client: socket.socket | None = None
        self._others: list[socket.socket] = []  # waiting, or forgotten
        self._waiting: list[socket.socket] = []
        self._deaf = False
        self._received = bytearray()
        self._arrived = asyncio.Event()

    @property
    def plugged(self) -> bool:
        return self._listener is not None

    @property
    def has_client(self) -> bool:
        return self._client is not None

    def plug(self) -> None:
        """Be reachable. Does nothing when already there."""
        if self._listener is None:
            self._listener = socket.create_server(("127.0.0.1", self.port))
            self._listener.setblocking(False)
            self.port = self._listener.getsockname()[1]
            asyncio.get_running_loop().add_reader(self._listener, self._accept)

    replug = plug

    def unplug(self) -> None:
        """Gone from the network; connections break."""
        if self._listener is None:
            return
        asyncio.get_running_loop().remove_reader(self._listener)
        self._listener.close()
        self._listener = None
        for line in (*self._others, *self._waiting):
            line.close()
        self._others, self._waiting = [], []
        if self._client is not None:
            asyncio.get_running_loop().remove_reader(self._client)
            self._client.close()
            self._client = None
        self._received.clear()

    def forget_client(self) -> None:
        """A router has dropped the connection: the client believes in it, and nothing on it ever arrives."""
        if self._client is not None:
            asyncio.get_running_loop().remove_reader(self._client)
            self._others.append(self._client)
            self._client = None

    def read_nothing(self, deaf: bool = True) -> None:
        """Take connections, and never a byte from them, until called with False."""
        self._deaf = deaf
        if self._client is not None:
            loop = asyncio.get_running_loop()
            if deaf:
                loop.remove_reader(self._client)
            else:
                loop.add_reader(self._client, self._read_ready)

    async def read(self) -> bytes:
        """What the client sent, waiting for at least one byte."""
        while not self._received:
            self._arrived.clear()
            await self._arrived.wait()
        data = bytes(self._received)
        self._received.clear()
        return data

    async def send(self, data: bytes, how: Delivery = CLEAN) -> None:
        """Send to the client in the manner of `how`; without one the bytes vanish."""
        if how.late_s:
            await asyncio.sleep(how.late_s)
        if how.silent:
            return
        sent = how.noise + data[: how.keep] + how.glued
        for piece in (sent[i : i + 1] for i in range(len(sent))) if how.byte_by_byte else (sent,):
            if self._client is not None:
                with contextlib.suppress(OSError):
                    self._client.send(piece)  # replies are a few bytes: they always fit
            await asyncio.sleep(0)

    def _accept(self) -> None:
        if self._listener is None:
            return
        with contextlib.suppress(OSError):
            line, _ = self._listener.accept()
            line.setblocking(False)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._client is None:
                self._serve(line)
            elif self.second == "hang":
                self._waiting.append(line)
            else:
                self.refused += 1
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                line.close()  # with a reset

    def _serve(self, line: socket.socket) -> None:
        self.accepted += 1
        self._client = line
        if not self._deaf:
            asyncio.get_running_loop().add_reader(line, self._read_ready)

    def _read_ready(self) -> None:
        if self._client is None:
            return
        try:
            data = self._client.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._received += data
            self._arrived.set()
            return
        asyncio.get_running_loop().remove_reader(self._client)
        self._client.close()
        self._client = None
        if self._waiting:
            self._serve(self._waiting.pop(0))
