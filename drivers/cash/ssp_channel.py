"""Command and reply with one SSP unit: one at a time, resent with the same sequence flag until it is answered."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog

from drivers.cash.ssp_frames import Frame, FrameParser
from drivers.cash.ssp_messages import NOT_UNDERSTOOD, Command, Generic
from drivers.cash.ssp_settings import SspTimings
from drivers.link.serial import SerialSettings
from drivers.link.stream import ByteStream, LinkLost
from drivers.link.trace import Way, trace

log = structlog.get_logger()

TRIES = 4
LONGEST_EXCHANGE = 180  # bytes of a set-up request and its reply, with 16 channels and some stuffing


@dataclass(frozen=True)
class Reply:
    """`generic` is the first byte as sent, which may be one nobody has documented."""

    generic: int
    data: bytes = b""

    @property
    def ok(self) -> bool:
        return self.generic == Generic.OK


class SspChannel:
    """Speaks to one unit over one connection; one caller at a time.

    `unanswered` is the command whose reply did not come. A unit that hears a sequence flag for the second time does not
    do the thing again but repeats its reply, so asking it again over the next connection brings back what was lost.
    """

    def __init__(self, stream: ByteStream, line: SerialSettings, timings: SspTimings, address: int = 0) -> None:
        self._stream = stream
        self._timings = timings
        self._wire_s = line.seconds_for(LONGEST_EXCHANGE)
        self._address = address
        self._parser = FrameParser()
        self._sequence = True
        self.unanswered: Frame | None = None

    async def sync(self) -> None:
        """Both sides begin to count again. LinkLost."""
        for _ in range(TRIES):
            self._sequence = True  # SYNC has it set, and the command after it not
            reply = await self.ask(Command.SYNC)
            if reply == Reply(Generic.OK):
                return
            log.info("cash_sync_refused", reply=f"{reply.generic:02X}")
        raise LinkLost("unit does not synchronise")

    async def ask(self, command: Command, parameters: bytes = b"") -> Reply:
        """The reply, once for each command. LinkLost when none comes."""
        frame = Frame(self._address, self._sequence, bytes([command]) + parameters)
        reply = await self.send(frame, TRIES)
        self._sequence = not self._sequence
        return reply

    async def send(self, frame: Frame, tries: int) -> Reply:
        """As `ask`, for a frame with its own sequence flag."""
        self.unanswered = frame
        self._parser.reset()
        self._stream.drain_input()
        for attempt in range(tries):
            trace("cash", Way.OUT, _label(frame) + (" again" if attempt else ""), frame.to_bytes())
            await self._stream.write(frame.to_bytes())
            try:
                async with asyncio.timeout(self._timings.reply + self._wire_s):
                    reply = await self._reply_to(frame)
            except TimeoutError:
                log.info("cash_no_reply", command=_label(frame), damaged_frames=self._parser.damaged)
                continue
            self.unanswered = None
            return reply
        raise LinkLost("unit silent")

    async def _reply_to(self, frame: Frame) -> Reply:
        """Replies come in order. One with the other flag belongs to the command before; a second one to this command
        can only come before the reply to the next, and is dropped there. So no reply is taken twice."""
        while True:
            for answer in self._parser.feed(await self._stream.read(512)):
                trace("cash", Way.IN, _label(frame), answer.to_bytes())
                if (answer.address, answer.sequence) != (frame.address, frame.sequence):
                    log.info("cash_late_reply_dropped", command=_label(frame))
                elif answer.data[0] in NOT_UNDERSTOOD:
                    # Not as a new command: had it been carried out all the same, its flag would be the one of the
                    # command before, and the unit would repeat an old reply with an old credit in it.
                    log.info("cash_command_damaged", command=_label(frame))
                else:
                    return Reply(answer.data[0], answer.data[1:])


def _label(frame: Frame) -> str:
    try:
        return Command(frame.data[0]).name
    except ValueError:
        return f"{frame.data[0]:02X}"
