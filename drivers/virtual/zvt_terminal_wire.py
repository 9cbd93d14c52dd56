"""The cables of the simulated payment terminal: a TCP port, or a serial line. Each can be cut, and each can carry
bytes as badly as a real one."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from drivers.virtual.pty import Delivery, VirtualPty
from drivers.virtual.zvt_terminal_bytes import ACK, NAK, first_message, off_the_line, on_the_line

Hear = Callable[[bytes], Awaitable[None]]


@dataclass
class Manners:
    """How bytes travel from the terminal."""

    byte_by_byte: bool = False
    merged: bool = False  # 80 00 00 comes in one segment with what follows it
    noise: bytes = b""  # serial: before each frame
    lost_acks: int = 0  # serial: so many ACKs of the terminal never arrive
    damaged: int = 0  # serial: so many frames of the terminal have a wrong checksum, and are sent again
    refused: int = 0  # serial: so many frames of the register are answered with NAK


class Wire(ABC):
    """One connection at a time. `hear` gets each message of the register, in order."""

    def __init__(self) -> None:
        self.hear: Hear | None = None
        self.manners = Manners()
        self.cuts = 0
        self.connection = 0  # number of the present one; 0: none
        self._opened = 0

    @property
    @abstractmethod
    def plugged(self) -> bool: ...

    @abstractmethod
    async def start(self) -> None: ...

    @abstractmethod
    async def stop(self) -> None: ...

    @abstractmethod
    async def send(self, apdu: bytes) -> None:
        """Say `apdu`; into the void when nobody is connected."""

    @abstractmethod
    async def cut(self) -> None:
        """The connection breaks; a new one can be made at once."""

    @abstractmethod
    async def unplug(self) -> None:
        """No connection can be made."""

    @abstractmethod
    async def replug(self) -> None: ...

    def _next_connection(self) -> int:
        self._opened += 1
        self.connection = self._opened
        return self._opened


class TcpWire(Wire):
    """`port` 0: chosen by the kernel at `start`, and kept."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__()
        self.host, self.port = host, port
        self._server: asyncio.Server | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._held = b""
        self._tasks: set[asyncio.Task[None]] = set()
        self.frozen = False  # the present connection leads nowhere any more; neither side is told

    @property
    def plugged(self) -> bool:
        return self._server is not None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    replug = start

    async def stop(self) -> None:
        await self.unplug()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def unplug(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self.cut()

    async def cut(self) -> None:
        self.cuts += 1
        self.connection = 0
        self._held = b""
        if self._writer is not None:
            self._writer.transport.abort()
            self._writer = None

    async def send(self, apdu: bytes) -> None:
        writer = self._writer
        if writer is None or self.frozen:
            return
        if self.manners.merged and apdu == b"\x80\x00\x00" and not self._held:
            self._held = apdu
            return
        sent, self._held = self._held + apdu, b""
        step = 1 if self.manners.byte_by_byte else len(sent)
        with suppress(ConnectionError):
            for at in range(0, len(sent), step):
                writer.write(sent[at : at + step])
                await writer.drain()
                await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - for the type checker
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if self._writer is not None:
            self._writer.transport.abort()
        self._writer = writer
        self.frozen = False
        self._held = b""
        number = self._next_connection()
        buffer = bytearray()
        try:
            while data := await reader.read(4096):
                buffer += data
                while self._writer is writer and not self.frozen and (apdu := first_message(buffer)) is not None:
                    if self.hear is not None:
                        await self.hear(apdu)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            if self._writer is writer:
                self._writer = None
            if self.connection == number:
                self.connection = 0


class SerialWire(Wire):
    """On a PTY. `ack_s`: how long the terminal waits for ACK or NAK before it sends a frame again."""

    def __init__(self, path: Path, ack_s: float = 1.0) -> None:
        super().__init__()
        self.pty = VirtualPty(path)
        self._ack_s = ack_s
        self._signal: asyncio.Future[bytes] | None = None
        self._task: asyncio.Task[None] | None = None
        self._inbox: asyncio.Queue[bytes] = asyncio.Queue()
        self._not_confirmed = b""  # the frame whose ACK was lost: it comes again

    @property
    def plugged(self) -> bool:
        return self.pty.plugged

    async def start(self) -> None:
        await self.replug()
        self._task = asyncio.create_task(self._run(), name="virtual-zvt-serial")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        self.pty.unplug()

    async def cut(self) -> None:
        await self.unplug()
        await self.replug()

    async def unplug(self) -> None:
        self.cuts += 1
        self.connection = 0
        self.pty.unplug()

    async def replug(self) -> None:
        self.pty.replug()
        self._not_confirmed = b""
        self._next_connection()

    async def send(self, apdu: bytes) -> None:
        number = self.connection
        for _ in range(3):
            frame = on_the_line(apdu)
            if self.manners.damaged:
                self.manners.damaged -= 1
                frame = frame[:-1] + bytes([frame[-1] ^ 0xFF])
            self._signal = asyncio.get_running_loop().create_future()
            await self.pty.send(frame, Delivery(self.manners.noise, byte_by_byte=self.manners.byte_by_byte))
            with suppress(TimeoutError):
                if await asyncio.wait_for(self._signal, self._ack_s) == ACK:
                    return
            if self.connection != number:
                return

    async def _run(self) -> None:
        handing = asyncio.create_task(self._hand_over())
        buffer = bytearray()
        try:
            while True:
                buffer += await self.pty.read()
                while (found := off_the_line(buffer)) is not None:
                    await self._took(found)
        finally:
            handing.cancel()
            with suppress(asyncio.CancelledError):
                await handing

    async def _hand_over(self) -> None:
        """Apart from reading: what the terminal answers has to be acknowledged meanwhile."""
        while True:
            apdu = await self._inbox.get()
            if self.hear is not None:
                await self.hear(apdu)

    async def _took(self, found: bytes) -> None:
        if found in (ACK, NAK):
            if self._signal is not None and not self._signal.done():
                self._signal.set_result(found)
            return
        if not found or self.manners.refused:
            self.manners.refused -= bool(found)
            await self.pty.send(NAK)
            return
        if self._signal is not None and not self._signal.done():
            self._signal.set_result(ACK)  # it speaks, so it has heard us
        repeated = found == self._not_confirmed
        self._not_confirmed = b""
        if self.manners.lost_acks:
            self.manners.lost_acks -= 1
            self._not_confirmed = found
        else:
            await self.pty.send(ACK)
        if not repeated:
            self._inbox.put_nowait(found)
