"""One connection to an ESC/POS printer: what arrives is sorted, every question has its time-out."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TypeVar

from drivers.link.stream import ByteStream, LinkLost
from drivers.link.trace import Way, trace
from drivers.receipt_printer.status_codec import (
    BUFFERED_STATUS,
    AutomaticStatus,
    Block,
    BufferedReply,
    Demultiplexer,
    Flag,
    FlowControl,
    PrinterId,
    ProcessDone,
    RealTimeReply,
    Reply,
    automatic_status_request,
    counter_request,
    identity_request,
    parse_real_time,
    status_request,
)
from drivers.receipt_printer.timing import Timing

DEVICE = "receipt_printer"
KEPT = 64  # replies nobody asked for; the oldest go
EVERYTHING = (slice(None),)
R = TypeVar("R", bound=Reply)


class PrinterChannel:
    """One question at a time. `on_automatic` hears what the printer reports unasked (GS a)."""

    def __init__(
        self,
        stream: ByteStream,
        timing: Timing,
        on_automatic: Callable[[frozenset[Flag]], None],
        *,
        software_flow: bool = False,
    ) -> None:
        self._stream = stream
        self._timing = timing
        self._on_automatic = on_automatic
        self._software_flow = software_flow
        self._demultiplexer = Demultiplexer()
        self._mailbox: deque[Reply] = deque(maxlen=KEPT)
        self._arrived = asyncio.Event()
        self._may_send = asyncio.Event()
        self._may_send.set()
        self._ended: LinkLost | None = None
        self._unanswered = 0  # status questions whose answers may still come
        self.heard_at: float | None = None  # of the last answer; None: nothing was ever heard
        self.silent_looks = 0  # in a row
        self.armed_at: float | None = None  # when GS a was sent
        self.automatic_seen = 0  # how many automatic statuses have come

    # --- the line ---------------------------------------------------------------------------------------------------

    async def listen(self) -> None:
        """Sort what comes in, until the line is lost: LinkLost, in every question under way as well."""
        try:
            while True:
                data = await self._stream.read(256)
                trace(DEVICE, Way.IN, "", data)
                for reply in self._demultiplexer.feed(data):
                    self._sort(reply)
        except LinkLost as lost:
            self._ended = self._ended or lost
            raise self._ended from lost
        finally:
            self._ended = self._ended or LinkLost("connection given up")
            self._arrived.set()
            self._may_send.set()

    async def drop(self, reason: str) -> None:
        """Give the connection up; `listen` ends with this reason."""
        self._ended = self._ended or LinkLost(reason)
        await self._stream.close()

    @property
    def may_send(self) -> bool:
        """False between XOFF and XON."""
        return self._may_send.is_set()

    async def until_it_takes_more(self, seconds: float) -> None:
        """Wait for XON; TimeoutError."""
        async with asyncio.timeout(seconds):
            await self._may_send.wait()

    async def write(self, data: bytes, label: str, *, secret: bool = False) -> None:
        """LinkLost also when the far end takes nothing any more: what it has got of `data` is then anybody's guess."""
        trace(DEVICE, Way.OUT, label, data, EVERYTHING if secret else ())
        if self._ended is not None:
            raise self._ended
        try:
            async with asyncio.timeout(self._timing.write_s):
                await self._stream.write(data)
        except TimeoutError:
            await self.drop("takes no more bytes")
            raise LinkLost("takes no more bytes") from None

    def forget_replies(self) -> None:
        """Whatever came before the question to be asked now."""
        self._mailbox.clear()
        if self._demultiplexer.pending:
            self._demultiplexer = Demultiplexer()

    # --- questions --------------------------------------------------------------------------------------------------

    async def ask_status(self, n: int) -> frozenset[Flag] | None:
        """DLE EOT n; None when the printer does not answer, or nothing that makes sense."""
        await self._swallow_late_answers()
        for _ in range(self._timing.tries):
            await self.write(status_request(n), f"DLE EOT {n}")
            reply = await self._reply(RealTimeReply, self._timing.reply_s)
            if reply is None:
                self._unanswered += 1
                continue
            flags = parse_real_time(n, reply.byte)
            if flags is not None:
                self.heard_at = asyncio.get_running_loop().time()
                return flags
        return None

    async def ask_counter(self, counter: int) -> int | None:
        """GS g 2. Ask only a printer without a fault: another answers after the repair."""
        await self.write(counter_request(counter), f"GS g 2 {counter}")
        reply = await self._reply(Block, self._timing.counter_s)
        return reply.number if reply is not None else None

    async def ask_identity(self) -> str:
        """GS I: maker, model and serial number, as far as they are told; like `ask_counter`."""
        told = []
        for which in (PrinterId.MAKER, PrinterId.MODEL, PrinterId.SERIAL):
            await self.write(identity_request(which), f"GS I {which.value}")
            reply = await self._reply(Block, self._timing.counter_s)
            if reply is None:
                break
            told.append(reply.text.strip())
        return " ".join(part for part in told if part)

    async def arm(self, bits: int) -> None:
        """GS a: from now on the printer reports changes by itself."""
        await self.write(automatic_status_request(bits), "GS a")
        self.armed_at = asyncio.get_running_loop().time()

    async def process_done(self, identifier: bytes, seconds: float) -> bool:
        """Whether GS ( H with this identifier is confirmed in time."""
        deadline = asyncio.get_running_loop().time() + seconds
        while (left := deadline - asyncio.get_running_loop().time()) > 0:
            reply = await self._reply(ProcessDone, left)
            if reply is not None and reply.identifier == identifier:
                return True
        return False

    async def worked_off(self, seconds: float) -> bool:
        """Whether GS r is answered in time: the printer has come to the end of what it was sent.

        The answer is a single byte, and one of its values is what a line break reads as, such as that of a printer
        losing power. So it is asked again, and only a printer with nothing left to print answers promptly: sooner than
        one that has been switched off and on could.
        """
        if await self._reply(BufferedReply, seconds) is None:
            return False
        self._mailbox = deque((kept for kept in self._mailbox if not isinstance(kept, BufferedReply)), maxlen=KEPT)
        await self.write(BUFFERED_STATUS, "GS r 1")
        return await self._reply(BufferedReply, self._timing.reply_s * self._timing.tries) is not None

    # --- details ----------------------------------------------------------------------------------------------------

    async def _swallow_late_answers(self) -> None:
        """The reply does not say which question it answers: a late one must not be taken for the next one's."""
        patience = self._timing.reply_s * self._timing.tries  # one late answer makes more of them likely
        while self._unanswered:
            late = await self._reply(RealTimeReply, patience)
            self._unanswered = self._unanswered - 1 if late is not None else 0

    async def _reply(self, kind: type[R], seconds: float) -> R | None:
        try:
            async with asyncio.timeout(max(seconds, 0.01)):
                return await self._next(kind)
        except TimeoutError:
            return None

    async def _next(self, kind: type[R]) -> R:
        while True:
            for index, reply in enumerate(self._mailbox):
                if isinstance(reply, kind):
                    del self._mailbox[index]
                    return reply
            if self._ended is not None:
                raise self._ended
            self._arrived.clear()
            await self._arrived.wait()

    def _sort(self, reply: Reply) -> None:
        match reply:
            case AutomaticStatus(flags):
                self.automatic_seen += 1
                self.heard_at = asyncio.get_running_loop().time()
                self._on_automatic(flags)
            case FlowControl(may_send):
                if self._software_flow:
                    self._may_send.set() if may_send else self._may_send.clear()
            case _:
                self._mailbox.append(reply)
                self._arrived.set()
