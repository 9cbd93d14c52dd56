"""The far end of a serial line: a PTY whose stable name is a symbolic link, as udev's /dev/serial/by-path is.

A PTY has no parity, speed or modem lines; a test over it cannot see wrong ones.
"""

from __future__ import annotations

import asyncio
import os
import tty
from dataclasses import dataclass
from pathlib import Path

UART_PATIENCE_S = 1.0  # then bytes that nobody reads are dropped, as a UART drops them


@dataclass(frozen=True)
class Delivery:
    """How bytes travel: everything a real line does to a frame. The default is a clean line."""

    noise: bytes = b""  # before the bytes
    glued: bytes = b""  # behind them, in the same write
    byte_by_byte: bool = False
    keep: int | None = None  # only so many bytes arrive
    silent: bool = False  # none arrives
    late_s: float = 0.0


CLEAN = Delivery()


class VirtualPty:
    """A serial device that can be plugged in and pulled out. Needs a running asyncio loop."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._master: int | None = None
        self._slave: int | None = None  # kept open: raw mode stays, and the master never sees a hang-up
        self._received = bytearray()
        self._arrived = asyncio.Event()
        self._sending = asyncio.Lock()

    @property
    def plugged(self) -> bool:
        return self._master is not None

    @property
    def tty(self) -> str:
        """The terminal behind the symbolic link, such as /dev/pts/7."""
        if self._slave is None:
            raise RuntimeError("not plugged in")
        return os.ttyname(self._slave)

    def plug(self) -> None:
        """Appear under `path`. Does nothing when already there."""
        if self._master is not None:
            return
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)  # or the line discipline echoes and eats CR, 03, 11, 13
        os.set_blocking(self._master, False)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_name(self.path.name + ".new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(self.tty)
        fresh.replace(self.path)
        asyncio.get_running_loop().add_reader(self._master, self._read_ready)

    replug = plug

    def unplug(self) -> None:
        """Pull the cable: whoever holds the terminal open gets a hang-up, and the name is gone."""
        if self._master is None or self._slave is None:
            return
        asyncio.get_running_loop().remove_reader(self._master)
        asyncio.get_running_loop().remove_writer(self._master)
        self.path.unlink(missing_ok=True)
        os.close(self._slave)
        os.close(self._master)
        self._master = self._slave = None
        self._received.clear()

    async def read(self) -> bytes:
        """What the host wrote, waiting for at least one byte."""
        while not self._received:
            self._arrived.clear()
            await self._arrived.wait()
        data = bytes(self._received)
        self._received.clear()
        return data

    async def send(self, data: bytes, how: Delivery = CLEAN) -> None:
        """Write to the host in the manner of `how`. Bytes for an unplugged device vanish."""
        if how.late_s:
            await asyncio.sleep(how.late_s)
        if how.silent:
            return
        sent = how.noise + data[: how.keep] + how.glued
        async with self._sending:  # a device's own UART sends one message after the other
            if not how.byte_by_byte:
                await self._write(sent)
                return
            for byte in sent:
                await self._write(bytes([byte]))
                await asyncio.sleep(0)  # let the host read each one by itself

    async def _write(self, data: bytes) -> None:
        left = memoryview(data)
        while left and self._master is not None:
            try:
                left = left[os.write(self._master, left) :]
            except BlockingIOError:
                if not await self._writable():
                    return
            except OSError:
                return

    async def _writable(self) -> bool:
        """False when the host has stopped reading."""
        loop, master, ready = asyncio.get_running_loop(), self._master, asyncio.Event()
        if master is None:
            return False
        loop.add_writer(master, ready.set)
        try:
            await asyncio.wait_for(ready.wait(), UART_PATIENCE_S)
        except TimeoutError:
            return False
        finally:
            if self._master == master:
                loop.remove_writer(master)
        return True

    def _read_ready(self) -> None:
        if self._master is None:
            return
        try:
            self._received += os.read(self._master, 4096)
        except OSError:
            return
        self._arrived.set()
