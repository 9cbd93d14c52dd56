"""One slip from the first byte to the proof that it came out.

What counts as proof, in this order: the printer confirms the end of the slip (GS ( H, or GS r), no fault then shows,
and its own counter of cuts has moved. A model that can do none of this is believed when it was fault-free and never
silent for as long as the slip takes. A fault once bytes have gone out is no proof that nothing came out: the roll may
end with the slip's last line.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable

from drivers.receipt_printer.channel import PrinterChannel
from drivers.receipt_printer.port import ReceiptOutcome
from drivers.receipt_printer.printer_status import fault_of, only_hot
from drivers.receipt_printer.profile import PrinterProfile
from drivers.receipt_printer.status_codec import (
    BUFFERED_STATUS,
    Flag,
    automatic_status_request,
    process_id_request,
)
from drivers.receipt_printer.timing import Timing

CHUNK = 256  # bytes written before the line is given the time to carry them
Look = Callable[[PrinterChannel], Awaitable[frozenset[Flag] | None]]


class SlipJob:
    """`look` asks for the status and shows it to the world; `seconds_for`: how long the line carries so many bytes."""

    def __init__(
        self,
        channel: PrinterChannel,
        profile: PrinterProfile,
        timing: Timing,
        look: Look,
        seconds_for: Callable[[int], float],
    ) -> None:
        self._channel = channel
        self._profile = profile
        self._timing = timing
        self._look = look
        self._seconds_for = seconds_for
        self._identifier = secrets.token_hex(2).encode() if profile.process_id else None
        self.cuts: int | None = None  # the printer's counter after the slip, where it was asked
        self.nothing_moved = False  # it said that the slip is done, and its cutter has not moved

    async def run(self, data: bytes) -> ReceiptOutcome:
        """LinkLost once bytes may have gone out; what comes of the slip is then unknown."""
        before = await self._count()
        if (outcome := await self._send(self._whole(data))) is None:
            outcome = await self._confirm(self._seconds_for(len(data)))
        if outcome is ReceiptOutcome.PRINTED and before is not None:
            self.cuts = await self._count()
            self.nothing_moved = self.cuts == before
        if outcome in (ReceiptOutcome.PRINTED, ReceiptOutcome.CUTTER_ERROR) and not self.nothing_moved:
            return outcome
        return ReceiptOutcome.UNKNOWN

    def _whole(self, data: bytes) -> bytes:
        """With the question whether it is done, and GS a again, for a slip's ESC @ has switched it off."""
        if self._identifier is not None:
            data += process_id_request(self._identifier)
        elif self._profile.buffered_status:
            data += BUFFERED_STATUS
        if self._profile.automatic_status is not None:
            data += automatic_status_request(self._profile.automatic_status)
        return data

    async def _count(self) -> int | None:
        counter = self._profile.cut_counter
        return None if counter is None else await self._channel.ask_counter(counter)

    async def _send(self, data: bytes) -> ReceiptOutcome | None:
        """None when all is on its way, or why not."""
        for start in range(0, len(data), CHUNK):
            if not self._channel.may_send and (fault := await self._wait_for_xon()) is not None:
                return fault
            chunk = data[start : start + CHUNK]
            await self._channel.write(chunk, "slip", secret=True)
            await asyncio.sleep(self._seconds_for(len(chunk)))
        return None

    async def _wait_for_xon(self) -> ReceiptOutcome | None:
        """The printer's buffer is full; the status is answered all the same."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._timing.held_s
        while True:
            try:
                await self._channel.until_it_takes_more(self._timing.poll_s)
                return None
            except TimeoutError:
                flags = await self._look_for_faults()
                if flags is not None and (fault := fault_of(flags)) and not only_hot(flags):
                    return fault
                if loop.time() >= deadline:
                    return ReceiptOutcome.UNKNOWN

    async def _confirm(self, on_the_line: float) -> ReceiptOutcome:
        loop = asyncio.get_running_loop()
        confirms = self._identifier is not None or self._profile.buffered_status
        # The driver of the line may still hold what has been written.
        deadline = loop.time() + on_the_line + (self._timing.confirm_s if confirms else self._timing.settle_s)
        latest = deadline + self._timing.cool_s
        silent = False
        while True:
            # Fault first, confirmation after: a printer that has done all answers both.
            flags = await self._look_for_faults()
            if flags is None:
                silent = True
            elif only_hot(flags) and loop.time() < latest:
                deadline = max(deadline, min(latest, loop.time() + self._timing.confirm_s))
            elif fault := fault_of(flags):
                return fault
            elif silent:  # off and on again? Then what it had received is gone, and no confirmation will come
                deadline = min(deadline, loop.time() + self._timing.returned_s)
            left = deadline - loop.time()
            if confirms and await self._confirmed(min(self._timing.poll_s, left), silent):
                return await self._last_look()
            if left <= 0:
                return ReceiptOutcome.UNKNOWN if confirms or silent else ReceiptOutcome.PRINTED
            if not confirms:
                await asyncio.sleep(min(self._timing.poll_s, left))

    async def _look_for_faults(self) -> frozenset[Flag] | None:
        """A fault is looked at twice: the answers come one after the other, and a head that cools between two of them
        leaves an error without its cause. Within a slip the printer does not report changes by itself."""
        flags = await self._look(self._channel)
        if flags is not None and fault_of(flags) and not only_hot(flags):
            flags = await self._look(self._channel)
        return flags

    async def _confirmed(self, seconds: float, silent: bool) -> bool:
        if self._identifier is not None:
            return await self._channel.process_done(self._identifier, seconds)
        # A printer that has been off and on answers GS r as well: it has nothing left to print.
        return await self._channel.worked_off(seconds) and not silent

    async def _last_look(self) -> ReceiptOutcome:
        """The printer has confirmed; a cutter that stuck at the very end still counts, an empty roll does not."""
        flags = await self._look(self._channel)
        if flags is None:
            return ReceiptOutcome.UNKNOWN
        return ReceiptOutcome.CUTTER_ERROR if Flag.CUTTER_ERROR in flags else ReceiptOutcome.PRINTED
