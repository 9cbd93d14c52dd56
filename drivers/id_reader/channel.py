"""Question and answer with the SAM: one at a time, with time-outs, and never a late answer to an earlier question."""

from __future__ import annotations

import asyncio

import structlog

from drivers.id_reader.frames import TEXT_BYTES, Command, Reply, ReplyParser, Request, Sw3
from drivers.id_reader.timings import SdtTimings
from drivers.link.serial import SerialSettings
from drivers.link.stream import ByteStream, LinkLost
from drivers.link.trace import Way, trace

log = structlog.get_logger()

REQUEST_ERRORS = frozenset(
    {Sw3.CHECKSUM_ERROR, Sw3.LENGTH_ERROR, Sw3.COMMAND_ERROR, Sw3.NOT_PERMITTED, Sw3.UNRECOGNISABLE}
)
SAM_FAULTS = frozenset({Sw3.SELF_TEST_FAILED, Sw3.NOT_AUTHORISED})
CARD_FAULTS = frozenset(
    {
        Sw3.CARD_REFUSED_READER,
        Sw3.READER_REFUSED_CARD,
        Sw3.VERIFICATION_ERROR,
        Sw3.FINGERPRINT_ERROR,
        Sw3.INFORMATION_LENGTH_ERROR,
        Sw3.UNKNOWN_CARD_TYPE,
        Sw3.READ_FAILED,
        Sw3.RANDOM_FAILED,
        Sw3.NO_SUCH_ITEM,
    }
)
_SAM_NUMBER_BYTES = 16


def answers(command: Command, reply: Reply) -> bool:
    """Whether `reply` can be the answer to `command`; replies carry no command, so this goes by their shape."""
    if reply.status in REQUEST_ERRORS | SAM_FAULTS:
        return True
    success, size = reply.status == Sw3.SUCCESS, len(reply.data)
    match command:
        case Command.READ_SAM_ID:
            return success and size == _SAM_NUMBER_BYTES
        case Command.FIND_CARD:
            return reply.status in {Sw3.CARD_FOUND, Sw3.FIND_FAILED}
        case Command.SELECT_CARD:
            failed = reply.status == Sw3.SELECT_FAILED or reply.status in CARD_FAULTS
            return failed or (success and 0 < size < _SAM_NUMBER_BYTES)
        case Command.READ_CARD | Command.READ_CARD_WITH_FINGERPRINT:
            return reply.status in CARD_FAULTS or (success and size >= TEXT_BYTES)
        case Command.READ_NEW_ADDRESS:
            return reply.status in CARD_FAULTS or (success and _SAM_NUMBER_BYTES < size < TEXT_BYTES)
        case _:
            return success and size == 0


class SamChannel:
    """Speaks to one SAM over one connection."""

    def __init__(self, stream: ByteStream, line: SerialSettings, timings: SdtTimings) -> None:
        self._stream = stream
        self._line = line
        self._timings = timings
        self._parser = ReplyParser()
        self._turn = asyncio.Lock()
        self._in_step = True  # no question is open whose answer may still come
        self.ended = ""  # why this channel was given up, for the technician

    @property
    def alive(self) -> bool:
        return self._stream.connected

    @property
    def baud(self) -> int:
        return self._line.baud

    async def ask(self, command: Command, data: bytes = b"") -> Reply | None:
        """The answer, or None when none came in time although the reader is alive. LinkLost when it is not.

        May be cancelled at any moment: the next question first makes sure that the old answer is out of the way.
        """
        async with self._turn:
            if not self._in_step:
                await self._fall_in_step()
            reply = await self._exchange(command, data)
            if reply is None:
                log.warning("id_reader_no_answer", command=command.name, damaged_frames=self._parser.damaged)
                await self._fall_in_step()
            return reply

    async def knock(self, command: Command, wait_s: float) -> bool | None:
        """Ask once, at a speed that may be wrong. True: a sound frame came; False: bytes that make no frame; None:
        nothing. LinkLost when the device is gone."""
        async with self._turn:
            self._in_step = False
            heard: bool | None = None
            try:
                async with asyncio.timeout(wait_s):
                    await self._send(Request(command))
                    while True:
                        received = await self._stream.read(4096)
                        heard = False
                        if self._parser.feed(received):
                            return True
            except TimeoutError:
                trace("id_reader", Way.NOTE, f"no answer at {self._line.baud} baud")
                return heard

    async def give_up(self, reason: str) -> LinkLost:
        """Close the stream, so that a new connection is made; returns what may be raised."""
        self.ended = reason
        await self._stream.close()
        return LinkLost(reason)

    async def _fall_in_step(self) -> None:
        """Ask for the SAM's number: answers come in order and only this one has 16 bytes, so what came before it
        belongs to questions nobody asks any more."""
        for _ in range(2):
            if await self._exchange(Command.READ_SAM_ID) is not None:
                return
        raise await self.give_up("reader silent")

    async def _exchange(self, command: Command, data: bytes = b"") -> Reply | None:
        self._in_step = False
        try:
            async with asyncio.timeout(self._timings.answer(command, self._line)):
                await self._send(Request(command, data))
                while True:
                    for reply in self._parser.feed(await self._stream.read(4096)):
                        if answers(command, reply):
                            _trace_reply(command.name, reply, public=command is Command.READ_SAM_ID)
                            self._in_step = True
                            return reply
                        _trace_reply(f"not an answer to {command.name}", reply)
                        log.info("id_reader_late_answer_dropped", command=command.name)
        except TimeoutError:
            trace("id_reader", Way.NOTE, f"no answer to {command.name}, {self._parser.damaged} damaged frames")
            return None

    async def _send(self, request: Request) -> None:
        self._parser.reset()
        self._stream.drain_input()
        frame = request.to_bytes()
        trace("id_reader", Way.OUT, request.command.name, frame)
        await self._stream.write(frame)


def _trace_reply(label: str, reply: Reply, *, public: bool = False) -> None:
    """Only the SAM's own number is anybody's business: SELECT gives the chip's number, which follows its holder, and
    an answer out of turn may be anything. The checksum goes too, for it tells something of short data."""
    if public or not reply.data:
        trace("id_reader", Way.IN, f"{label} {reply.status:02X}", reply.to_bytes())
        return
    head = reply.head
    blank = bytes(len(reply.data) + 1)  # what is secret does not even get as far as the trace
    trace("id_reader", Way.IN, f"{label} {reply.status:02X}", head + blank, (slice(len(head), None),))
