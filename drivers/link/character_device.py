"""Character devices as byte streams, such as the kernel's USB printer class, /dev/usb/lp0.

No thread and no library: non-blocking reads and writes on the loop. The kernel lets one program at a time open an lp
device, so a second one is refused without a lock of our own.
"""

from __future__ import annotations

import asyncio
import errno
import os
import select
import stat
from dataclasses import dataclass

from drivers.link.stream import LinkLost, ReceiveBuffer

READ_SIZE = 4096
QUIET_S = 0.05  # after an empty read: a USB printer may answer "nothing" as fast as it is asked


@dataclass(frozen=True)
class CharacterDeviceSettings:
    """`path`: a stable name, such as a udev link to /dev/usb/lp0; looked up anew at each open."""

    path: str


class CharacterDeviceStream:
    """A `ByteStream` on one opened device; made by `open_character_device`."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._loop = asyncio.get_running_loop()
        self._received = ReceiveBuffer()
        self._lost = asyncio.Event()
        self._pause: asyncio.TimerHandle | None = None
        self._loop.add_reader(handle, self._read_ready)

    def __repr__(self) -> str:
        return f"<CharacterDeviceStream {'open' if self.connected else 'lost'}>"

    @property
    def connected(self) -> bool:
        return not self._lost.is_set()

    async def read(self, n: int) -> bytes:
        return await self._received.take(n)

    async def write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            if not self.connected:
                raise LinkLost("connection closed")
            try:
                left = left[os.write(self._handle, left) :]
            except (BlockingIOError, InterruptedError):
                await self._writable()
            except OSError as error:
                self._end()
                raise LinkLost(f"cannot write: {errno.errorcode.get(error.errno or 0, 'error')}") from error

    def drain_input(self) -> int:
        return self._received.drain()

    async def wait_lost(self) -> None:
        await self._lost.wait()

    async def close(self) -> None:
        self._end()
        self._received.drain()

    async def _writable(self) -> None:
        ready = asyncio.Event()
        self._loop.add_writer(self._handle, ready.set)
        lost = asyncio.ensure_future(self._lost.wait())
        free = asyncio.ensure_future(ready.wait())
        try:
            await asyncio.wait((lost, free), return_when=asyncio.FIRST_COMPLETED)
        finally:
            lost.cancel()
            free.cancel()
            if self.connected:
                self._loop.remove_writer(self._handle)

    def _read_ready(self) -> None:
        try:
            data = os.read(self._handle, READ_SIZE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:  # EIO, ENODEV: pulled out
            self._end()
            return
        if data:
            self._received.feed(data)
            return
        if _hung_up(self._handle):
            self._end()
            return
        self._loop.remove_reader(self._handle)
        self._pause = self._loop.call_later(QUIET_S, self._read_again)

    def _read_again(self) -> None:
        self._pause = None
        if self.connected:
            self._loop.add_reader(self._handle, self._read_ready)

    def _end(self) -> None:
        if self._lost.is_set():
            return
        self._lost.set()
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._handle)
        self._loop.remove_writer(self._handle)
        os.close(self._handle)
        self._received.end()


async def open_character_device(settings: CharacterDeviceSettings) -> CharacterDeviceStream:
    """Open the device now; LinkLost when it is absent, held by another program, or no character device."""
    loop = asyncio.get_running_loop()
    opening = loop.run_in_executor(None, _open, settings.path)  # the kernel may first have to wake the device
    try:
        handle = await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_close_unwanted)  # the thread cannot be cancelled
        raise
    except OSError as error:
        name = errno.errorcode.get(error.errno or 0, type(error).__name__)
        raise LinkLost(f"cannot open {settings.path}: {name}") from error
    return CharacterDeviceStream(handle)


def _open(path: str) -> int:
    handle = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    if not stat.S_ISCHR(os.fstat(handle).st_mode):
        os.close(handle)  # a file of that name would swallow slips for ever
        raise OSError(errno.ENOTTY, "no character device")
    return handle


def _hung_up(handle: int) -> bool:
    """Whether the device behind it is gone: a terminal that hung up reads as empty, again and again."""
    poll = select.poll()
    poll.register(handle, 0)
    return any(events & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, events in poll.poll(0))


def _close_unwanted(opening: asyncio.Future[int]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        os.close(opening.result())
