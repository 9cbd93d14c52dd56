"""A card payment terminal as seen from the kiosk: ZVT over TCP or a serial line, a bank behind it, and a person with a
card before it.

Written from the tables of PA00P015, not from our driver, so that a misunderstanding in the one does not hide in the
other.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from drivers.virtual.zvt_terminal_book import Book, Booking
from drivers.virtual.zvt_terminal_bytes import bcd, data_of, lll, message, text_block
from drivers.virtual.zvt_terminal_data import TERMINAL_ID, slip, status_information
from drivers.virtual.zvt_terminal_scenario import Tap, TerminalFault
from drivers.virtual.zvt_terminal_speech import Speaker
from drivers.virtual.zvt_terminal_wire import Wire

SOFTWARE = b"CN-APP-v2.0.9"

NO_CARD_S = 60.0  # then it gives up waiting for a card

OK = b"\x80\x00\x00"
Job = Callable[[bytes], Coroutine[Any, Any, None]]


class VirtualZvtTerminal(Speaker):
    """`speed` 2.0 is twice as fast. `auto`: a person who does this as soon as a card is wanted; None: `tap` does it.

    `gives_back_unconfirmed`: a payment whose status information nobody acknowledged is reversed; otherwise it stays.
    `goes_on_alone`: a payment goes on when the link is lost before the bank was asked; otherwise it is given up.
    `keeps_declined`: a declined payment counts as its newest transaction.
    """

    def __init__(
        self,
        wire: Wire,
        *,
        speed: float = 1.0,
        auto: Tap | None = Tap.PAY,
        gives_back_unconfirmed: bool = False,
        goes_on_alone: bool = False,
        keeps_declined: bool = True,
        on_event: Callable[[str], None] = lambda text: None,
    ) -> None:
        super().__init__(wire, speed, on_event)
        wire.hear = self._hear
        self.auto = auto
        self.gives_back_unconfirmed = gives_back_unconfirmed
        self.goes_on_alone = goes_on_alone
        self.keeps_declined = keeps_declined
        self.book = Book()
        self.registered = False
        self.step = ""  # what it waits for just now
        self.heard: deque[bytes] = deque(maxlen=2000)  # commands of the register, without acknowledgements
        self._faults: dict[TerminalFault, int | None] = {}
        self._taps: asyncio.Queue[Tap] = asyncio.Queue()
        self._work: asyncio.Task[None] | None = None
        self._cancelled = asyncio.Event()

    # hands

    async def start(self) -> None:
        await self.wire.start()

    async def stop(self) -> None:
        await self._drop_work()
        await self.wire.stop()

    async def unplug(self) -> None:
        await self.wire.unplug()
        self._on_event("unplugged")

    async def replug(self) -> None:
        if not self.wire.plugged:
            await self.wire.replug()
            self._on_event("plugged in")

    async def power_cycle(self) -> None:
        """Off and on: what it was doing is lost, and so is the registration. The book stays."""
        await self._drop_work()
        self.registered = False
        await self.wire.cut()
        self._on_event("switched off and on")

    def tap(self, tap: Tap = Tap.PAY) -> None:
        """The person acts; kept until a card is wanted."""
        self._taps.put_nowait(tap)

    def inject(self, fault: TerminalFault, times: int | None = None) -> None:
        self._faults[fault] = times
        self._on_event(f"fault: {fault.value}")

    def clear(self, fault: TerminalFault | None = None) -> None:
        """Mend one fault, or all, and forget the planned cut."""
        if fault is None:
            self._faults.clear()
            self.cut_plan = None
        else:
            self._faults.pop(fault, None)

    @property
    def faults(self) -> frozenset[TerminalFault]:
        return frozenset(self._faults)

    @property
    def wants_card(self) -> bool:
        return self.step == "card"

    @property
    def busy(self) -> bool:
        return self._work is not None and not self._work.done()

    # what the register says

    async def _hear(self, apdu: bytes) -> None:
        if TerminalFault.SILENT in self._faults:
            return
        if apdu[:2] == b"\x06\x01":
            self._counted = 0
        number = self._count()
        if await self._cut_here(apdu, number, after=False):
            return
        if apdu[0] in (0x80, 0x84):
            self._was_answered(apdu)
        else:
            self.heard.append(apdu[:2])
            await self._command(apdu)
        await self._cut_here(apdu, number, after=True)

    async def _command(self, apdu: bytes) -> None:
        control = apdu[:2]
        if control == b"\x06\xb0":
            await self._send(OK)
            if TerminalFault.KEEPS_CANCEL not in self._faults:
                self._cancelled.set()
            return
        if self._work is not None and not self._work.done():
            await asyncio.wait([self._work], timeout=0.05)  # it may just be ending
        if self.busy or self._take(TerminalFault.BUSY):
            await self._send(message("84 A0"))
            return
        refusal = {b"\x06\x01": TerminalFault.NOT_SUPPORTED, b"\x06\x20": TerminalFault.REFUSES_REPETITION}.get(control)
        if refusal is not None and self._take(refusal):
            await self._send(message("84 83"))
            return
        job = self._jobs().get(control)
        if job is None:
            await self._send(message("84 83"))
            return
        if self._take(TerminalFault.NEEDS_TIME):
            await self._send(message("84 9C"))
        await self._send(OK)
        self._bound = self.wire.connection
        self._cancelled.clear()
        self._work = asyncio.create_task(job(data_of(apdu)))

    def _jobs(self) -> dict[bytes, Job]:
        return {
            b"\x06\x00": self._registration,
            b"\x06\x01": self._payment,
            b"\x06\x20": self._repetition,
            b"\x06\x30": self._reversal,
            b"\x06\x50": self._end_of_day,
            b"\x06\x70": self._diagnosis,
            b"\x05\x01": self._status,
        }

    async def _registration(self, data: bytes) -> None:
        if data[4:6] != b"\x01\x56":
            await self._abort(0x6F)
            return
        self.registered = True
        await self._say(message("06 0F", b"\x19\x00\x29", bcd(TERMINAL_ID, 8), b"\x49\x01\x56"))

    async def _status(self, data: bytes) -> None:
        await self._say(message("06 0F", lll(SOFTWARE), b"\x00"))

    async def _diagnosis(self, data: bytes) -> None:
        await self._say(message("04 FF", b"\xd2"))
        await self._pause("diagnosis")
        self.clear(TerminalFault.DIAGNOSIS_REQUIRED)
        await self._say(message("06 0F"))

    async def _payment(self, data: bytes) -> None:
        try:
            await self._pay(int(data[1:7].hex()))
        finally:
            self._counted = None
            self.step = ""

    async def _pay(self, amount: int) -> None:
        code = self._unable()
        if code is not None:
            await self._abort(code)
        elif self._take(TerminalFault.DOES_NOTHING):
            never = asyncio.get_running_loop().create_future()
            while self._linked:
                await asyncio.wait([never], timeout=0.02)
        elif self._take(TerminalFault.SAYS_DONE):
            await self._say(message("06 0F"))
        else:
            await self._take_payment(amount)

    def _unable(self) -> int | None:
        """Why no payment can begin now."""
        if not self.registered:
            return 0x6B
        if TerminalFault.OPEN_END_OF_DAY in self._faults:
            return 0xF0
        return 0xC2 if TerminalFault.DIAGNOSIS_REQUIRED in self._faults else None

    async def _take_payment(self, amount: int) -> None:
        tap = await self._card()
        given_up = tap is None or not (self._linked or self.goes_on_alone)
        if tap is None or given_up or self._cancelled.is_set() or tap in (Tap.KEY, Tap.UNREADABLE):
            await self._abort(0x64 if tap is Tap.UNREADABLE else 0x6C)
            return
        self.step = "bank"
        await self._say(message("04 FF", b"\x04"))
        if not (self._linked or self.goes_on_alone):
            return
        await self._pause("bank")
        result = {Tap.DECLINED: 0x51, Tap.PIN_BLOCKED: 0x55}.get(tap, 0)
        booking = self.book.add(amount + 100 * self._take(TerminalFault.WRONG_AMOUNT), result)
        self._on_event("payment approved" if not result else "payment declined")
        await self._report(booking)

    async def _card(self) -> Tap | None:
        """What the person does; None when nobody did anything, or it was cancelled, or the link was lost."""
        self.step = "card"
        await self._say(message("04 FF", b"\x0a"))
        tap = await self._wait_for_tap()
        if tap is None or tap in (Tap.KEY, Tap.UNREADABLE):
            return tap
        self.step = "pin"
        for wrong in range({Tap.WRONG_PIN: 1, Tap.PIN_BLOCKED: 3}.get(tap, 0)):
            await self._ask_pin()
            await self._say(message("04 FF", b"\x18" if wrong == 2 else b"\x15"))
        if tap is not Tap.PIN_BLOCKED:
            await self._ask_pin()
        return tap

    async def _ask_pin(self) -> None:
        await self._say(message("04 FF", b"\x01"))
        await self._pause("pin")

    async def _wait_for_tap(self) -> Tap | None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + NO_CARD_S / self.speed
        if self.auto is not None:
            await self._pause("card")
            return self.auto
        while loop.time() < deadline and not self._cancelled.is_set() and (self._linked or self.goes_on_alone):
            with suppress(TimeoutError):
                return await asyncio.wait_for(self._taps.get(), 0.02)
        return None

    async def _report(self, booking: Booking) -> None:
        """Status information, receipts, completion."""
        self.step = "report"
        for _ in range(1 + self._take(TerminalFault.REPEATS_STATUS)):
            answer = await self._say(self._status_of(booking))
        goods_refused = answer is not None and answer[:2] == b"\x84\x66"
        if booking.result == 0 and (goods_refused or (answer is None and self.gives_back_unconfirmed)):
            self.book.give_back(booking)
            self._on_event("payment given back")
            await self._abort(0x66)
            return
        if booking.result:
            await self._say(message("04 FF", b"\x5d"))
            await self._abort(booking.result)
            return
        await self._say(message("04 FF", b"\x5c"))
        await self._print(booking)
        await self._say(message("06 0F"))

    async def _print(self, booking: Booking) -> None:
        await self._pause("print")
        lines = slip(booking, masked=not self._take(TerminalFault.UNMASKED_SLIP))
        await self._say(text_block(["商户存根", *lines], 1))
        await self._say(text_block(["持卡人存根", *lines], 2))

    async def _repetition(self, data: bytes) -> None:
        booking = self._newest()
        if booking is None or self._take(TerminalFault.ABORTS_REPETITION):
            await self._abort(0x83 if booking is None else 0xDC)
            return
        if TerminalFault.NO_REPETITION not in self._faults:
            damaged = self._take(TerminalFault.DAMAGES_REPETITION)
            await self._say(status_information(booking, damaged=damaged) if damaged else self._status_of(booking))
        await self._print(booking)
        await self._say(message("06 0F"))

    async def _reversal(self, data: bytes) -> None:
        booking = self.book.with_receipt(int(data[4:6].hex()))
        if booking is None or booking.given_back:
            await self._abort(0xB5 if booking is None else 0xB4)
            return
        await self._say(message("04 FF", b"\x0e"))
        await self._pause("bank")
        back = self.book.give_back(booking)
        self._on_event("payment given back")
        await self._say(self._status_of(back))
        await self._print(back)
        await self._say(message("06 0F"))

    async def _end_of_day(self, data: bytes) -> None:
        if TerminalFault.CANNOT_HAND_IN in self._faults:
            await self._abort(0xFA)
            return
        await self._pause("bank")
        batch = self.book.open_batch()
        total = sum(booking.amount for booking in batch)
        groups = bytes(42) + bytes([len(batch)]) + bcd(total, 12)
        self.book.handed_in = len(self.book.bookings)
        self.clear(TerminalFault.OPEN_END_OF_DAY)
        parts = (b"\x27\x00\x04", bcd(total, 12), b"\x60", lll(bytes(4) + groups))
        await self._say(message("04 0F", *parts))
        await self._say(message("06 0F"))
        self._on_event("end of day handed in")

    # what the terminal says

    def _status_of(self, booking: Booking) -> bytes:
        return status_information(booking, unknown_field=self._take(TerminalFault.UNKNOWN_FIELD))

    def _newest(self) -> Booking | None:
        shown = [b for b in self.book.bookings if b.result == 0 or self.keeps_declined]
        return shown[-1] if shown else self.book.earlier

    # inside

    async def _drop_work(self) -> None:
        if self._work is not None:
            self._work.cancel()
            with suppress(asyncio.CancelledError):
                await self._work
            self._work = None

    def _take(self, fault: TerminalFault) -> bool:
        """Whether `fault` is on, using up one of its times."""
        if fault not in self._faults:
            return False
        times = self._faults[fault]
        if times is not None:
            self._faults[fault] = times - 1
            if times <= 1:
                del self._faults[fault]
        return True
