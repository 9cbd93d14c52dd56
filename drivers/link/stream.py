"""A byte stream to a device, whatever carries it: the part of a link that drivers rely on."""

from __future__ import annotations

import asyncio
from typing import Protocol

MAX_BUFFERED = 64 * 1024  # bytes nobody has read; the oldest are dropped, as a UART would


class LinkLost(Exception):
    """The stream is gone (unplugged, closed, could not be opened). Expected: drivers turn it into a status."""


class ByteStream(Protocol):
    """One connection. Once lost it stays lost; `supervise` makes the next one."""

    @property
    def connected(self) -> bool: ...

    async def read(self, n: int) -> bytes:
        """1 to `n` bytes, waiting for the first; LinkLost once the connection is gone and its bytes are used up."""

    async def write(self, data: bytes) -> None:
        """Hand `data` over in order, waiting while the far end is slow; LinkLost."""

    def drain_input(self) -> int:
        """Throw away what has come in and was not read; how many bytes that were."""

    async def wait_lost(self) -> None:
        """Return when the connection is gone."""

    async def close(self) -> None:
        """Drop the connection, and return when the device may be opened again. May be called twice."""


class ReceiveBuffer:
    """What arrived and was not read yet. Overwritten when taken, for it may be a person's data."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._arrived = asyncio.Event()
        self._ended = False

    def feed(self, data: bytes) -> None:
        self._data += data
        self._wipe(max(0, len(self._data) - MAX_BUFFERED))
        self._arrived.set()

    def end(self) -> None:
        """No more bytes will come."""
        self._ended = True
        self._arrived.set()

    async def take(self, n: int) -> bytes:
        """See `ByteStream.read`. One reader at a time."""
        if n < 1:
            raise ValueError("read at least one byte")
        while not self._data:
            if self._ended:
                raise LinkLost("connection closed")
            self._arrived.clear()
            await self._arrived.wait()
        taken = bytes(self._data[:n])
        self._wipe(len(taken))
        return taken

    def drain(self) -> int:
        count = len(self._data)
        self._wipe(count)
        return count

    def _wipe(self, count: int) -> None:
        self._data[:count] = bytes(count)
        del self._data[:count]
