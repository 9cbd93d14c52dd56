"""`ReceiptPrinter` over ESC/POS on a serial line.

The line is opened when it is needed and again after a rest, by its path: a printer that was switched off, unplugged or
exchanged meanwhile is found again without anybody's help.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog

from drivers.link.serial import SerialSettings, open_serial
from drivers.link.stream import ByteStream, LinkLost
from drivers.receipt_printer.port import Receipt, ReceiptOutcome
from drivers.receipt_printer.printer_status import device_status, fault_of, silent
from drivers.receipt_printer.profile import GENERIC_80, PrinterProfile
from drivers.receipt_printer.render import render
from drivers.receipt_printer.status_codec import (
    CLEAR_BUFFER,
    Counter,
    Demultiplexer,
    Flag,
    ProcessDone,
    RealTimeReply,
    Reply,
    counter_request,
    parse_real_time,
    process_id_request,
    status_request,
)
from drivers.status import DeviceState, DeviceStatus

log = structlog.get_logger()
T = TypeVar("T")
R = TypeVar("R", bound=Reply)


@dataclass(frozen=True)
class Timing:
    """All in seconds. `confirm_s`: how long after the last byte a slip may take where the printer itself confirms."""

    reply_s: float = 0.2
    tries: int = 3
    settle_s: float = 2.0  # for the slip after the last byte, where the printer cannot confirm
    confirm_s: float = 15.0
    poll_s: float = 0.3
    counter_s: float = 1.0
    rest_s: float = 60.0  # after so long without use the line is opened anew
    backoff_first_s: float = 0.5
    backoff_most_s: float = 10.0


CHUNK = 256  # bytes written before the line is given the time to carry them


class EscPosReceiptPrinter:
    """One printer; commands run one after the other, and a cancelled caller never leaves half a command behind."""

    def __init__(
        self,
        settings: SerialSettings,
        profile: PrinterProfile = GENERIC_80,
        *,
        timing: Timing | None = None,
        connect: Callable[[], Awaitable[ByteStream]] | None = None,
    ) -> None:
        """`connect` opens another kind of line than the serial one of `settings`, whose speed still counts."""
        self._settings = settings
        self._profile = profile
        self._timing = timing or Timing()
        self._connect: Callable[[], Awaitable[ByteStream]] = connect or (lambda: open_serial(settings))
        self._lock = asyncio.Lock()
        self._running: set[asyncio.Task[Any]] = set()
        self._stream: ByteStream | None = None
        self._demultiplexer = Demultiplexer()
        self._set_aside: list[ProcessDone | Counter] = []  # came while something else was awaited
        self._unanswered = 0  # status requests whose answers may still come
        self._used_at = 0.0
        self._failures = 0
        self._retry_at = 0.0
        self._status = DeviceStatus()

    async def open(self) -> None:
        """Asks for the status; an absent printer is a status, not an error."""
        await self.refresh()

    async def close(self) -> None:
        """Waits for the command in work."""
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._disconnect()

    @property
    def status(self) -> DeviceStatus:
        return self._status

    async def refresh(self) -> DeviceStatus:
        return await self._exclusively(self._refresh())

    async def print_receipt(self, receipt: Receipt) -> ReceiptOutcome:
        data = await asyncio.to_thread(render, receipt, self._profile)
        outcome = await self._exclusively(self._print(data))
        log.info("receipt", outcome=outcome.value, octets=len(data))
        return outcome

    async def cut_count(self) -> int | None:
        if self._profile.cut_counter is None:
            return None
        return await self._exclusively(self._count(self._profile.cut_counter))

    # --- commands, each under the lock ------------------------------------------------------------------------------

    async def _exclusively(self, command: Coroutine[Any, Any, T]) -> T:
        """Run to its end even if the caller goes away: half a raster image would swallow the next command."""

        async def run() -> T:
            async with self._lock:
                return await command

        task = asyncio.create_task(run())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def _refresh(self) -> DeviceStatus:
        if self._stream is None and asyncio.get_running_loop().time() < self._retry_at:
            return self._status
        try:
            await self._ready_line()
            if await self._read_flags() is None:
                await self._disconnect()  # the next look starts from the path again
        except LinkLost as lost:
            await self._lost(lost)
        return self._status

    async def _print(self, data: bytes) -> ReceiptOutcome:
        try:
            await self._ready_line()
            before = await self._read_flags()
        except LinkLost as lost:
            await self._lost(lost)
            return ReceiptOutcome.OFFLINE
        if before is None:
            await self._disconnect()
            return ReceiptOutcome.OFFLINE
        if fault := fault_of(before):
            return fault
        identifier = secrets.token_hex(2).encode() if self._profile.process_id else None
        try:
            outcome = await self._send_and_confirm(data, identifier)
        except LinkLost as lost:
            await self._lost(lost)
            return ReceiptOutcome.UNKNOWN
        if outcome not in (ReceiptOutcome.PRINTED, ReceiptOutcome.UNKNOWN):
            await self._clear_buffer()
        return outcome

    async def _clear_buffer(self) -> None:
        if not self._profile.clear_buffer:
            return
        try:
            await self._line().write(CLEAR_BUFFER)
        except LinkLost as lost:
            await self._lost(lost)

    async def _send_and_confirm(self, data: bytes, identifier: bytes | None) -> ReceiptOutcome:
        loop = asyncio.get_running_loop()
        if identifier is not None:
            data += process_id_request(identifier)
        for start in range(0, len(data), CHUNK):
            chunk = data[start : start + CHUNK]
            await self._line().write(chunk)
            await asyncio.sleep(self._settings.seconds_for(len(chunk)))
        # The driver of the line may still hold what has been written.
        on_the_line = self._settings.seconds_for(len(data))
        patience = self._timing.confirm_s if identifier is not None else self._timing.settle_s
        deadline = loop.time() + on_the_line + patience
        heard = False
        while True:
            # Fault first, confirmation after: a printer that has done all answers both.
            flags = await self._read_flags()
            heard = flags is not None
            if flags is not None and (fault := fault_of(flags)):
                return fault
            left = deadline - loop.time()
            if identifier is not None and await self._await_process(identifier, min(self._timing.poll_s, left)):
                return await self._last_look()
            if left <= 0:
                break
            if identifier is None:
                await asyncio.sleep(min(self._timing.poll_s, left))
        return ReceiptOutcome.PRINTED if heard and identifier is None else ReceiptOutcome.UNKNOWN

    async def _last_look(self) -> ReceiptOutcome:
        """The printer has confirmed; a cutter that stuck at the very end still counts, an empty roll does not."""
        flags = await self._read_flags() or frozenset()
        return ReceiptOutcome.CUTTER_ERROR if Flag.CUTTER_ERROR in flags else ReceiptOutcome.PRINTED

    async def _await_process(self, identifier: bytes, seconds: float) -> bool:
        async def confirmed() -> bool:
            while (await self._next(ProcessDone)).identifier != identifier:
                pass
            return True

        try:
            return await asyncio.wait_for(confirmed(), max(seconds, 0.01))
        except TimeoutError:
            return False

    async def _count(self, counter: int) -> int | None:
        try:
            await self._ready_line()
            flags = await self._read_flags()
            if flags is None or fault_of(flags):
                return None  # the counter is a buffered command: now it would be answered after the repair
            await self._line().write(counter_request(counter))
            reply = await asyncio.wait_for(self._next(Counter), self._timing.counter_s)
        except LinkLost as lost:
            await self._lost(lost)
            return None
        except TimeoutError:
            return None
        return reply.value

    # --- status -----------------------------------------------------------------------------------------------------

    async def _read_flags(self) -> frozenset[Flag] | None:
        """Ask DLE EOT 1-4 and keep the status; None if the printer does not answer, which is never OK."""
        flags: set[Flag] = set()
        for n in self._profile.status_queries:
            answer = await self._ask_status(n)
            if isinstance(answer, DeviceStatus):
                self._set_status(answer)
                return None
            flags |= answer
        self._set_status(device_status(frozenset(flags)))
        return frozenset(flags)

    async def _ask_status(self, n: int) -> frozenset[Flag] | DeviceStatus:
        await self._swallow_late_answers()
        for _ in range(self._timing.tries):
            await self._line().write(status_request(n))
            try:
                reply = await asyncio.wait_for(self._next(RealTimeReply), self._timing.reply_s)
            except TimeoutError:
                self._unanswered += 1
                continue
            flags = parse_real_time(n, reply.byte)
            if flags is not None:
                self._used_at = asyncio.get_running_loop().time()
                return flags
        return silent(f"no answer to DLE EOT {n}")

    async def _swallow_late_answers(self) -> None:
        """The reply does not say which question it answers: a late one must not be taken for the next one's."""
        patience = self._timing.reply_s * self._timing.tries  # one late answer makes more of them likely
        while self._unanswered:
            try:
                await asyncio.wait_for(self._next(RealTimeReply), patience)
                self._unanswered -= 1
            except TimeoutError:
                self._unanswered = 0

    async def _next(self, kind: type[R]) -> R:
        """The next reply of this kind. Read byte by byte, so that nothing is waited for in vain."""
        for index, reply in enumerate(self._set_aside):
            if isinstance(reply, kind):
                del self._set_aside[index]
                return reply
        while True:
            for came in self._demultiplexer.feed(await self._line().read(1)):
                if isinstance(came, kind):
                    return came
                if isinstance(came, ProcessDone | Counter):
                    self._set_aside.append(came)

    # --- the line ---------------------------------------------------------------------------------------------------

    def _line(self) -> ByteStream:
        if self._stream is None:
            raise LinkLost("not open")
        return self._stream

    async def _ready_line(self) -> None:
        """An open line without old replies in it."""
        loop = asyncio.get_running_loop()
        rested = loop.time() - self._used_at > self._timing.rest_s
        if self._stream is not None and (rested or not self._stream.connected):
            await self._disconnect()
        if self._stream is None:
            self._stream = await self._connect()
            self._used_at = loop.time()
            if self._failures:
                log.info("receipt_printer_back", failures=self._failures)
            self._failures = 0
        self._stream.drain_input()
        self._demultiplexer = Demultiplexer()
        self._set_aside.clear()

    async def _disconnect(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            await stream.close()

    async def _lost(self, lost: LinkLost) -> None:
        await self._disconnect()
        pause = min(self._timing.backoff_most_s, self._timing.backoff_first_s * 2 ** min(self._failures, 20))
        self._failures += 1
        self._retry_at = asyncio.get_running_loop().time() + pause
        self._set_status(silent(str(lost), DeviceState.OFFLINE))

    def _set_status(self, status: DeviceStatus) -> None:
        if status != self._status:
            log.info("receipt_printer_status", device=status.device.value, detail=status.detail)
        self._status = status
