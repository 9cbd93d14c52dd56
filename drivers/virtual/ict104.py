"""A banknote acceptor as seen from the host: ICT104 on a serial line, with notes fed, pulled and stuck.

Written from the protocol's byte tables, not from our driver. It tells every result once, to whoever listens, and
remembers nothing over a reset: so do the real ones.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from drivers.virtual.note_path import YUAN, Faults, NoteMechanics, Place
from drivers.virtual.pty import Delivery, VirtualPty

READING_S = 0.8
STACKING_S = 1.2
REJECTING_S = 0.8
START_UP_S = 1.0
SPENT_ESCROWS = 3  # notes in a row without an answer: it stops

JAM, OPEN, STACKER, FISHED, MOTOR = 0x22, 0x24, 0x28, 0x27, 0x20


class IctFault(StrEnum):
    NOISE = "noise"  # rubbish before every message; none of it can be one
    SLOW_BYTES = "slow-bytes"
    LOST_REPLY = "lost-reply"  # what it says next never arrives
    SILENT = "silent"
    ONLY_WORDS = "only-words"  # hears everything, moves nothing
    COUNTERFEIT = "counterfeit"
    JAM = "jam"  # the next note sticks on its way into the box
    NEVER_ENABLES = "never-enables"


class VirtualIct104:
    """`bills`: yuan of the bill types 1 to 5. `hold`: the code this version has for holding. `handshake_s`,
    `escrow_s`: how long it waits for the host, whatever the `speed` of its motors."""

    def __init__(
        self,
        pty_path: Path,
        *,
        speed: float = 1.0,
        on_event: Callable[[str], None] = lambda text: None,
        bills: tuple[int, ...] = (5, 10, 20, 50, 100),
        hold: int = 0x18,
        handshake_s: float = 2.0,
        escrow_s: float = 5.0,
    ) -> None:
        self.pty = VirtualPty(pty_path)
        self.path = NoteMechanics(speed, on_event)
        self.faults: Faults[IctFault] = Faults(on_event)
        self.bills, self.hold = bills, hold
        self.heard: deque[int] = deque(maxlen=1000)
        self.exception: int | None = None  # what a poll is answered with until it is mended
        self._on_event = on_event
        self._handshake_s, self._escrow_s = handshake_s, escrow_s
        self._task: asyncio.Task[None] | None = None
        self._decided = asyncio.Event()
        self._voice = asyncio.Lock()
        self._order: int | None = None
        self._greeted = True  # the power-up was answered
        self._deaf = False
        self._enabled = False
        self._spent = 0

    # hands

    async def start(self) -> None:
        self.pty.plug()
        self._task = asyncio.create_task(self._run(), name="virtual-ict104")

    async def stop(self) -> None:
        await self.path.halt()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        self.pty.unplug()

    def unplug(self) -> None:
        """Only the cable."""
        self.pty.unplug()
        self._on_event("unplugged")

    def replug(self) -> None:
        self.pty.replug()
        self._on_event("plugged in")

    @property
    def taking(self) -> bool:
        """Whether it would draw in a note now."""
        ready = self._enabled and self._greeted and not self._deaf and self._spent < SPENT_ESCROWS
        return ready and self.path.note is None and self.exception is None

    def insert(self, fen: int) -> bool:
        """Hold a note before the slot. False: the unit does not draw it in."""
        if not self.taking:
            return False
        self.path.draw_in(fen)
        self.path.move(self._read())
        return True

    async def pull_back(self) -> bool:
        """Pull at the note; only one in escrow comes out."""
        if self.path.place is not Place.ESCROW:
            return False
        self.path.come_out("pulled back")
        await self._say(b"\x23")
        return True

    async def say(self, data: bytes) -> None:
        """Bytes of no reason, as a bad earth makes them."""
        async with self._voice:
            await self.pty.send(data)

    async def fish(self) -> None:
        await self._break(FISHED, "manipulation seen")

    async def fill(self) -> None:
        await self._break(STACKER, "cash box full")

    async def remove_cashbox(self) -> None:
        await self._break(OPEN, "cash box removed")

    async def break_motor(self) -> None:
        await self._break(MOTOR, "motor broken")

    async def mend(self) -> None:
        """Box back and empty, jam taken out, everything well again."""
        if self.path.place is Place.STUCK:
            self.path.come_out("taken out by a clerk")
        if self.exception is not None:
            self.exception = None
            self._on_event("mended")
            await self._say(b"\x2f")

    async def reset(self, *, clear_to: str = "") -> None:
        """Power off and on. `clear_to` "front" or "cashbox": where a note in the path goes; by itself it goes to the
        cashbox once it was on its way there. The host is told of none of it."""
        await self.path.halt()
        self._deaf, self._greeted, self._enabled, self._spent = True, False, False, 0
        if self.exception == JAM:
            self.exception = None
        self._on_event("power off and on")
        self.path.move(self._start_up(clear_to))

    # the unit

    async def _start_up(self, clear_to: str) -> None:
        await self.path.pause(START_UP_S)
        inward = clear_to == "cashbox" or (clear_to != "front" and self.path.place is Place.STACKING)
        if inward:
            self.path.drop_into_box()
        else:
            self.path.come_out("cleared to the front")
        self._deaf = False
        await self._say(b"\x80\x8f")
        await asyncio.sleep(self._handshake_s)
        if not self._greeted:
            self._on_event("nobody answered the power-up")

    async def _read(self) -> None:
        await self.path.pause(READING_S)
        yuan = (self.path.note or 0) // YUAN
        if self.faults.take(IctFault.COUNTERFEIT) or yuan not in self.bills:
            await self._reject(b"\x29")
            return
        self.path.place, self._order = Place.ESCROW, None
        self._decided.clear()
        async with self._voice:  # no answer to a poll comes between the two bytes
            await self._send(b"\x81")
            await self.path.pause(0.02)
            await self.pty.send(bytes([0x40 + self.bills.index(yuan)]))
        order = await self._wait_for_order()
        self._spent = self._spent + 1 if order is None else 0
        if order == 0x02:
            await self._stack()
        else:
            await self._reject(b"\x11")

    async def _wait_for_order(self) -> int | None:
        while True:
            self._decided.clear()
            try:
                async with asyncio.timeout(self._escrow_s):
                    await self._decided.wait()
            except TimeoutError:
                return None
            if self._order != self.hold and IctFault.ONLY_WORDS not in self.faults:
                return self._order

    async def _stack(self) -> None:
        self.path.place = Place.STACKING
        await self.path.pause(STACKING_S)
        if self.faults.take(IctFault.JAM):
            self.path.place = Place.STUCK
            await self._break(JAM, "note stuck")
            return
        self.path.drop_into_box()
        await self._say(b"\x10")

    async def _reject(self, code: bytes) -> None:
        self.path.place = Place.REJECTING
        await self.path.pause(REJECTING_S)
        self.path.come_out()
        await self._say(code)

    async def _break(self, exception: int, text: str) -> None:
        self.exception = exception
        self._on_event(text)
        await self._say(bytes([exception]))

    # the line

    async def _run(self) -> None:
        while True:
            for byte in await self.pty.read():
                await self._hear(byte)

    async def _hear(self, byte: int) -> None:
        if self._deaf or self.faults.take(IctFault.SILENT):
            return
        self.heard.append(byte)
        match byte:
            case 0x02 if not self._greeted:
                self._greeted = self._enabled = True
            case 0x02 | 0x0F | self.hold if self.path.place is Place.ESCROW:
                self._order = byte
                self._decided.set()
            case 0x3E | 0x5E:
                self._enabled = byte == 0x3E and IctFault.NEVER_ENABLES not in self.faults
            case 0x0C if self._greeted:
                status = 0x3E if self._enabled else 0x5E
                await self._say(bytes([status if self.exception is None else self.exception]))
            case 0x30:
                await self.reset()
            case 0x02 | 0x0C | 0x0F | self.hold:
                pass  # not now
            case _:
                await self._say(b"\x2a")

    async def _say(self, data: bytes) -> None:
        async with self._voice:
            await self._send(data)

    async def _send(self, data: bytes) -> None:
        delivery = Delivery(
            noise=b"\x00\xff\x7e\x80\x81\x99" if self.faults.take(IctFault.NOISE) else b"",
            byte_by_byte=self.faults.take(IctFault.SLOW_BYTES),
            silent=self.faults.take(IctFault.LOST_REPLY),
        )
        await self.pty.send(data, delivery)
