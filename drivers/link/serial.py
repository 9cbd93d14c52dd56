"""Serial lines (RS-232, USB-CDC, PTY) as byte streams, over pyserial-asyncio-fast."""

from __future__ import annotations

import asyncio
import errno
import termios
from dataclasses import dataclass
from typing import Any, Literal

import serial
import serial_asyncio_fast

from drivers.link.stream import LinkLost, ReceiveBuffer

Parity = Literal["N", "E", "O"]
REASONS = {
    errno.EAGAIN: "held by another program",
    errno.EBUSY: "held by another program",
    errno.ENOENT: "not plugged in",
    errno.EACCES: "this user may not open it",
}
OWN_END_S = 1.0  # a lost line closes itself within this, unless the kernel still waits for the device to take bytes


@dataclass(frozen=True)
class SerialSettings:
    """How a serial line is opened. `path` is a stable name (/dev/serial/by-path/…), looked up anew at each open."""

    path: str
    baud: int = 115200
    bytesize: Literal[7, 8] = 8
    parity: Parity = "N"
    stopbits: Literal[1, 2] = 1
    rtscts: bool = False
    dsrdtr: bool = False
    xonxoff: bool = False

    def pyserial_arguments(self) -> dict[str, Any]:
        """What `serial.Serial` is given. `exclusive`: two programs on one device corrupt each other's frames."""
        return {
            "port": self.path,
            "baudrate": self.baud,
            "bytesize": self.bytesize,
            "parity": self.parity,
            "stopbits": self.stopbits,
            "rtscts": self.rtscts,
            "dsrdtr": self.dsrdtr,
            "xonxoff": self.xonxoff,
            "exclusive": True,
        }

    def seconds_for(self, n: int) -> float:
        """Time on the wire for `n` bytes: start bit, data, parity, stop bits."""
        bits = 1 + self.bytesize + (self.parity != "N") + self.stopbits
        return n * bits / self.baud


class SerialStream(asyncio.Protocol):
    """A `ByteStream` on one opened serial line; made by `open_serial`."""

    def __init__(self) -> None:
        self._transport: Any = None
        self._received = ReceiveBuffer()
        self._lost = asyncio.Event()
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._closing = False

    def __repr__(self) -> str:  # asyncio's exception handler prints it
        return f"<SerialStream {'open' if self.connected else 'lost'}>"

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received.feed(data)

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()

    def connection_lost(self, exc: BaseException | None) -> None:
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
        if not self.connected:
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
        self._received.drain()
        transport = self._transport
        if transport is not None and transport.is_closing():
            # It has noticed the loss by itself; aborting too would make the library end the connection twice.
            await asyncio.wait([asyncio.ensure_future(self._lost.wait())], timeout=OWN_END_S)
        if transport is not None and not self._lost.is_set():
            # abort, not close: closing would first wait for bytes a stuck device never takes
            transport.abort()
        await self._lost.wait()
        self._received.drain()


async def open_serial(settings: SerialSettings) -> SerialStream:
    """Open the line now; LinkLost when the path is absent, taken by another program, or not a terminal."""
    loop = asyncio.get_running_loop()
    arguments = settings.pyserial_arguments()
    opening = loop.run_in_executor(None, lambda: serial.Serial(**arguments))
    try:
        port = await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_close_unwanted)  # the thread cannot be cancelled; do not keep its lock
        raise
    except (serial.SerialException, OSError, termios.error) as error:
        raise _refused(settings, error) from error
    stream = SerialStream()
    try:
        transport, _ = await serial_asyncio_fast.connection_for_serial(loop, lambda: stream, port)
    except (serial.SerialException, OSError, termios.error) as error:  # it sets the line up once more
        port.close()
        raise _refused(settings, error) from error
    stream.connection_made(transport)  # the library would call it in the next turn; writing may start in this one
    return stream


def _refused(settings: SerialSettings, error: Exception) -> LinkLost:
    """termios.error is no OSError: the line's driver does not know such a speed or parity, or went away meanwhile."""
    number = getattr(error, "errno", None) or next((each for each in error.args if isinstance(each, int)), 0)
    why = REASONS.get(number) or f"{type(error).__name__} {number or ''}".strip()
    return LinkLost(f"cannot open {settings.path}: {why}")


def _close_unwanted(opening: asyncio.Future[serial.Serial]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()
