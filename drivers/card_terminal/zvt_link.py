"""Whole messages over a byte stream: TCP, or a serial line with its ACK, NAK and repetitions (PA00P016)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import NoReturn, Protocol

from drivers.card_terminal.zvt_apdu import ApduSplitter, Command, Received, label
from drivers.card_terminal.zvt_serial import ACK, NAK, SerialParser, Signal, serial_frame
from drivers.link.stream import ByteStream, LinkLost
from drivers.link.trace import Way, trace

DEVICE = "card_terminal"
_CHUNK = 4096
_TRANSMISSIONS = 3  # of one frame on a serial line

Deliver = Callable[[Received], None]


@dataclass(frozen=True)
class ZvtTimings:
    """Seconds, by the protocol's names where it has one."""

    t2: float = 5.0  # serial line: from the end of a frame to ACK or NAK
    t3: float = 5.0  # from a command to its acknowledgement 80 00 00
    t4: float = 180.0  # the terminal's longest silence while it works on a command
    whole_payment: float = 600.0  # then it is told to stop
    after_cancel: float = 60.0  # the longest silence after 06 B0
    registration: float = 30.0  # silence while it registers us, answers an enquiry or repeats a receipt
    diagnosis: float = 120.0
    enquiry_interval: float = 60.0  # between two status enquiries; the protocol asks for one a minute
    fresh: float = 5.0  # a terminal not heard for longer is registered with again before money moves
    connect_grace: float = 10.0  # how long a command waits for a terminal that is being connected
    busy_pause: float = 1.0  # between two questions to a terminal that is still busy
    busy_grace: float = 5.0  # how long a payment is offered to a terminal that refuses it as not ready
    recovery: float = 90.0  # how long `last_result` asks a busy terminal

    def scaled(self, factor: float) -> ZvtTimings:
        return ZvtTimings(**{field.name: getattr(self, field.name) * factor for field in fields(self)})


class ApduLink(Protocol):
    """Carries messages. All raise LinkLost once the stream is gone."""

    async def run(self, deliver: Deliver) -> NoReturn:
        """Read for as long as the stream lives, giving each message to `deliver`."""

    async def send(self, command: Command) -> None:
        """Hand one message over; on a serial line, until its ACK came."""

    async def close(self) -> None:
        """Drop the stream."""


class TcpLink:
    """An `ApduLink`: messages back to back."""

    def __init__(self, stream: ByteStream, encoding: str) -> None:
        self._stream = stream
        self._splitter = ApduSplitter(encoding)

    async def run(self, deliver: Deliver) -> NoReturn:
        try:
            while True:
                for received in self._splitter.feed(await self._stream.read(_CHUNK)):
                    _trace_in(received)
                    deliver(received)
        finally:
            self._splitter.reset()

    async def send(self, command: Command) -> None:
        _trace_out(command)
        await self._stream.write(command.to_bytes())

    async def close(self) -> None:
        await self._stream.close()


class SerialLink:
    """An `ApduLink`: frames, each answered with ACK or NAK, repeated when it was not."""

    def __init__(self, stream: ByteStream, encoding: str, timings: ZvtTimings) -> None:
        self._stream = stream
        self._parser = SerialParser(encoding)
        self._t2 = timings.t2
        self._answer: asyncio.Future[Signal] | None = None  # of the frame that was sent and not answered yet
        self._last_crc: int | None = None
        self._sending = asyncio.Lock()

    async def run(self, deliver: Deliver) -> NoReturn:
        try:
            while True:
                for event in self._parser.feed(await self._stream.read(_CHUNK)):
                    if isinstance(event, Signal):
                        await self._signalled(event)
                        continue
                    await self._stream.write(ACK)
                    if self._unconfirmed and event.crc == self._last_crc:
                        trace(DEVICE, Way.NOTE, "repeated frame")  # our ACK was lost; its answer is on its way
                        continue
                    self._last_crc = event.crc
                    self._resolve(Signal.ACK)  # it would not go on without having heard us
                    _trace_in(event.received)
                    deliver(event.received)
        finally:
            self._parser.reset()
            if self._answer is not None and not self._answer.done():
                self._answer.set_exception(LinkLost("connection closed"))

    async def send(self, command: Command) -> None:
        async with self._sending:
            frame = serial_frame(command.to_bytes())
            for _ in range(_TRANSMISSIONS):
                _trace_out(command)
                answer = self._answer = asyncio.get_running_loop().create_future()
                try:
                    await self._stream.write(frame)
                    async with asyncio.timeout(self._t2):
                        heard = await answer
                except TimeoutError:
                    if command.moves_money:
                        break  # perhaps only the ACK was lost
                    continue
                finally:
                    self._answer = None
                if heard is Signal.ACK:
                    return
            await self.close()
            raise LinkLost("terminal does not confirm frames")

    async def close(self) -> None:
        await self._stream.close()

    async def _signalled(self, signal: Signal) -> None:
        if signal is Signal.DAMAGED:
            trace(DEVICE, Way.NOTE, "damaged frame")
            await self._stream.write(NAK)
        else:
            self._resolve(signal)

    @property
    def _unconfirmed(self) -> bool:
        """Whether what was sent still waits for its ACK: after that, a frame like the last one is a new one."""
        return self._answer is not None and not self._answer.done()

    def _resolve(self, signal: Signal) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(signal)


def _trace_in(received: Received) -> None:
    trace(DEVICE, Way.IN, label(received.frame), received.frame, received.secret)


def _trace_out(command: Command) -> None:
    trace(DEVICE, Way.OUT, command.name, command.to_bytes(), command.secret)
