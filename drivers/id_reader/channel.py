"""Question and answer with the SAM: one at a time, with time-outs, and never a late answer to an earlier question."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, fields

import structlog

from drivers.id_reader.frames import TEXT_BYTES, Command, Reply, ReplyParser, Request, Sw3
from drivers.link.serial import SerialSettings
from drivers.link.stream import ByteStream, LinkLost

log = structlog.get_logger()

LONGEST_REPLY = 1295  # bytes of a 30 01 reply


@dataclass(frozen=True)
class SdtTimings:
    """Seconds, by the protocol's names. Time on the wire is added according to the line's speed."""

    reset_sam: float = 2.0
    sam_status: float = 1.0
    read_sam_id: float = 1.0
    find_card: float = 1.0
    select_card: float = 1.0
    read_card: float = 4.0
    find_interval: float = 0.3  # between two FIND_CARD; vendors ask for at least this
    status_interval: float = 3.0  # between two SAM_STATUS while nobody reads
    connect_grace: float = 3.0  # how long a read waits for a reader that is just being opened

    def scaled(self, factor: float) -> SdtTimings:
        return SdtTimings(**{field.name: getattr(self, field.name) * factor for field in fields(self)})

    def answer(self, command: Command, line: SerialSettings) -> float:
        """The longest wait for the answer to `command`."""
        wire = line.seconds_for(LONGEST_REPLY if command is Command.READ_CARD else 64)
        return float(getattr(self, command.name.lower())) + wire


_REQUEST_ERRORS = frozenset(
    {Sw3.CHECKSUM_ERROR, Sw3.LENGTH_ERROR, Sw3.COMMAND_ERROR, Sw3.NOT_PERMITTED, Sw3.UNRECOGNISABLE}
)
SAM_FAULTS = frozenset({Sw3.SELF_TEST_FAILED, Sw3.NOT_AUTHORISED})
CARD_FAULTS = frozenset(
    {
        Sw3.CARD_REFUSED_READER,
        Sw3.READER_REFUSED_CARD,
        Sw3.VERIFICATION_ERROR,
        Sw3.INFORMATION_LENGTH_ERROR,
        Sw3.UNKNOWN_CARD_TYPE,
        Sw3.READ_FAILED,
        Sw3.RANDOM_FAILED,
        Sw3.NO_SUCH_ITEM,
    }
)


def answers(command: Command, reply: Reply) -> bool:
    """Whether `reply` can be the answer to `command`; replies carry no command, so this goes by their shape."""
    if reply.status in _REQUEST_ERRORS | SAM_FAULTS:
        return True
    size = len(reply.data)
    match command:
        case Command.RESET_SAM | Command.SAM_STATUS:
            return reply.status == Sw3.SUCCESS and size == 0
        case Command.READ_SAM_ID:
            return reply.status == Sw3.SUCCESS and size == 16
        case Command.FIND_CARD:
            return reply.status in {Sw3.CARD_FOUND, Sw3.FIND_FAILED}
        case Command.SELECT_CARD:
            failed = reply.status == Sw3.SELECT_FAILED or reply.status in CARD_FAULTS
            return failed or (reply.status == Sw3.SUCCESS and 0 < size < 16)
        case Command.READ_CARD:
            return reply.status in CARD_FAULTS or (reply.status == Sw3.SUCCESS and size >= TEXT_BYTES)


class SamChannel:
    """Speaks to one SAM over one connection."""

    def __init__(self, stream: ByteStream, line: SerialSettings, timings: SdtTimings) -> None:
        self._stream = stream
        self._line = line
        self._timings = timings
        self._parser = ReplyParser()
        self._turn = asyncio.Lock()
        self._in_step = True  # no question is open whose answer may still come

    @property
    def alive(self) -> bool:
        return self._stream.connected

    async def ask(self, command: Command) -> Reply | None:
        """The answer, or None when none came in time although the reader is alive. LinkLost when it is not.

        May be cancelled at any moment: the next question first makes sure that the old answer is out of the way.
        """
        async with self._turn:
            if not self._in_step:
                await self._fall_in_step()
            reply = await self._exchange(command)
            if reply is None:
                log.warning("id_reader_no_answer", command=command.name, damaged_frames=self._parser.damaged)
                await self._fall_in_step()
            return reply

    async def _fall_in_step(self) -> None:
        """Ask for the SAM's number: answers come in order and only this one has 16 bytes, so what came before it
        belongs to questions nobody asks any more."""
        for _ in range(2):
            if await self._exchange(Command.READ_SAM_ID) is not None:
                return
        await self._stream.close()
        raise LinkLost("reader silent")

    async def _exchange(self, command: Command) -> Reply | None:
        self._in_step = False
        self._parser.reset()
        self._stream.drain_input()
        try:
            async with asyncio.timeout(self._timings.answer(command, self._line)):
                await self._stream.write(Request(command).to_bytes())
                while True:
                    for reply in self._parser.feed(await self._stream.read(4096)):
                        if answers(command, reply):
                            self._in_step = True
                            return reply
                        log.info("id_reader_late_answer_dropped", command=command.name)
        except TimeoutError:
            return None
