"""Linux input devices (keyboards, keypads, scanners that pretend to be one): their records, and how they are opened.

An input device is a stream of `struct input_event`. `open_input` opens any path:

- an evdev character device (/dev/input/by-path/…-event-kbd) is grabbed with EVIOCGRAB, so that no key reaches the
  desktop or another program, and its clock is set to CLOCK_MONOTONIC;
- a FIFO or a pseudo-terminal is taken as the same records from somewhere else, as the virtual cabinet makes them. A
  lock on it stands for the grab.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import stat
import struct
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import evdev
from evdev import ecodes

from drivers import printable
from drivers.link.stream import LinkLost, ReceiveBuffer

RECORD = struct.Struct("@llHHi")  # struct input_event: seconds, microseconds, type, code, value
_INPUT_MAJOR = 13  # of the kernel's input devices
_PTY_MAJORS = range(136, 144)  # Linux allocated devices: Unix98 pseudo-terminals
_EVIOCSCLOCKID = 0x400445A0  # _IOW('E', 0xa0, int)
_STALE_BYTES = 1 << 20  # more than that at opening is not a backlog but a source that never stops

UP, DOWN, REPEATED = 0, 1, 2  # values of a key


@dataclass(frozen=True, repr=False)
class InputEvent:
    """One record. `at`: seconds on the clock of the device; only differences mean something. `repr` hides the key."""

    type: int  # EV_KEY, …
    code: int
    value: int
    at: float = 0.0

    def __repr__(self) -> str:
        return f"InputEvent(type={self.type}, …)"

    @classmethod
    def from_bytes(cls, record: bytes) -> InputEvent | None:
        """None for what no kernel writes."""
        seconds, microseconds, type_, code, value = RECORD.unpack(record)
        if not 0 <= seconds < 1 << 32 or not 0 <= microseconds < 1_000_000 or code > _LAST_CODE.get(type_, -1):
            return None
        if type_ == ecodes.EV_KEY and value not in (UP, DOWN, REPEATED):
            return None
        return cls(type_, code, value, seconds + microseconds / 1e6)

    def to_bytes(self) -> bytes:
        seconds, fraction = divmod(round(self.at * 1_000_000), 1_000_000)
        return RECORD.pack(seconds, fraction, self.type, self.code, self.value)

    @property
    def is_key(self) -> bool:
        return self.type == ecodes.EV_KEY

    @property
    def is_gap(self) -> bool:
        """Events were lost here: what is held down is not known any more (Linux input protocol, SYN_DROPPED)."""
        return self.type == ecodes.EV_SYN and self.code == ecodes.SYN_DROPPED


_LAST_CODE: Final = {
    ecodes.EV_SYN: ecodes.SYN_DROPPED,
    ecodes.EV_KEY: ecodes.KEY_MAX,
    ecodes.EV_REL: ecodes.REL_MAX,
    ecodes.EV_ABS: ecodes.ABS_MAX,
    ecodes.EV_MSC: ecodes.MSC_MAX,
    ecodes.EV_SW: ecodes.SW_MAX,
    ecodes.EV_LED: ecodes.LED_MAX,
    ecodes.EV_SND: ecodes.SND_MAX,
    ecodes.EV_REP: ecodes.REP_MAX,
}  # by type; force feedback and power events come from no keyboard


class EventParser:
    """Cuts records out of a stream. Bytes that are no record are skipped one by one and leave a gap (`is_gap`)."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self.damaged = 0  # places where bytes were skipped

    def feed(self, data: bytes) -> list[InputEvent]:
        self._pending += data
        found: list[InputEvent] = []
        at, skipping = 0, False
        while at + RECORD.size <= len(self._pending):
            event = InputEvent.from_bytes(bytes(self._pending[at : at + RECORD.size]))
            if event is not None:
                found.append(event)
                at, skipping = at + RECORD.size, False
                continue
            if not skipping:
                self.damaged += 1
                found.append(InputEvent(ecodes.EV_SYN, ecodes.SYN_DROPPED, 0))
            at, skipping = at + 1, True
        self._pending[:at] = bytes(at)
        del self._pending[:at]
        return found


class InputLink:
    """An opened input device as a `ByteStream` of records; made by `open_input`. Nothing can be written to it."""

    def __init__(self, fd: int, identity: str) -> None:
        self.identity = identity  # name and serial number, as the device gives them
        self._fd: int | None = fd
        self._received = ReceiveBuffer()
        self._lost = asyncio.Event()
        asyncio.get_running_loop().add_reader(fd, self._read_ready)

    def __repr__(self) -> str:
        return f"<InputLink {'open' if self.connected else 'lost'}>"

    @property
    def connected(self) -> bool:
        return self._fd is not None

    async def read(self, n: int) -> bytes:
        return await self._received.take(n)

    async def write(self, data: bytes) -> None:
        raise LinkLost("nothing can be written to an input device")

    def drain_input(self) -> int:
        return self._received.drain()

    async def wait_lost(self) -> None:
        await self._lost.wait()

    async def close(self) -> None:
        self._end()
        self._received.drain()

    def _read_ready(self) -> None:
        if self._fd is None:
            return
        try:
            data = os.read(self._fd, 64 * RECORD.size)
        except BlockingIOError:
            return
        except OSError:  # ENODEV: unplugged
            data = b""
        if data:
            self._received.feed(data)
        else:
            self._end()

    def _end(self) -> None:
        """Closing gives up grab and lock."""
        if self._fd is not None:
            fd, self._fd = self._fd, None
            asyncio.get_running_loop().remove_reader(fd)
            os.close(fd)
        self._received.end()
        self._lost.set()


async def open_input(path: str) -> InputLink:
    """Open and grab the device now; LinkLost when it is absent, taken by another program, or no input device.

    What was pressed before does not count: it is thrown away.
    """
    opening = asyncio.get_running_loop().run_in_executor(None, _open, path)
    try:
        fd, identity = await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_close_unwanted)  # the thread cannot be cancelled; do not keep its grab
        raise
    except OSError as error:
        taken = error.errno in (errno.EBUSY, errno.EWOULDBLOCK)
        reason = "taken by another program" if taken else errno.errorcode.get(error.errno or 0, "no input device")
        raise LinkLost(f"cannot open {path}: {reason}") from error
    try:
        return InputLink(fd, identity)
    except PermissionError:  # epoll: nothing ever happens on it
        os.close(fd)
        raise LinkLost(f"cannot open {path}: no input device") from None


def _open(path: str) -> tuple[int, str]:
    """In a thread: opening may wake a sleeping USB device. Returns the descriptor and the identity."""
    found = Path(path).stat()
    major = os.major(found.st_rdev) if stat.S_ISCHR(found.st_mode) else None
    if major == _INPUT_MAJOR:
        return _open_evdev(path)
    if major not in _PTY_MAJORS and not stat.S_ISFIFO(found.st_mode):  # a serial line sends no such records
        raise OSError(errno.ENODEV, "no input device", path)
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _skip_backlog(fd)
    except OSError:
        os.close(fd)
        raise
    return fd, ""


def _open_evdev(path: str) -> tuple[int, str]:
    device = evdev.InputDevice(path, readonly=True)
    try:
        device.grab()
        fcntl.ioctl(device.fd, _EVIOCSCLOCKID, struct.pack("@i", time.CLOCK_MONOTONIC))
        fd = os.dup(device.fd)  # the grab belongs to the opened file: it lives until the duplicate is closed
        try:
            _skip_backlog(fd)
        except OSError:
            os.close(fd)
            raise
        return fd, printable.identity(" ".join(part for part in (device.name, device.uniq) if part))
    finally:
        device.close()


def _skip_backlog(fd: int) -> None:
    left = _STALE_BYTES
    try:
        while left > 0 and (data := os.read(fd, 4096)):
            left -= len(data)
    except BlockingIOError:
        return


def _close_unwanted(opening: asyncio.Future[tuple[int, str]]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        os.close(opening.result()[0])
