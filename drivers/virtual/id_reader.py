"""A resident-ID card reader as seen from the host: a SAM on a serial line, with cards laid on it and lifted.

Written from the protocol's byte tables (GA/T 467-2019 chapter 7), not from our driver, so that a misunderstanding in
the one does not hide in the other.
"""

from __future__ import annotations

import asyncio
import os
import termios
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from drivers.virtual.id_card import Chip, VirtualCard
from drivers.virtual.pty import Delivery, VirtualPty

RESET = b"\x10\xff"
STATUS = b"\x11\xff"
SAM_ID = b"\x12\xff"
FIND = b"\x20\x01"
SELECT = b"\x20\x02"
READ = b"\x30\x01"
READ_FINGERPRINT = b"\x30\x10"
READ_NEW_ADDRESS = b"\x30\x03"
SET_RF_FRAME = b"\x61\xff"
SET_UART = {b"\x60\x00": 115200, b"\x60\x01": 57600, b"\x60\x02": 38400, b"\x60\x03": 19200, b"\x60\x04": 9600}

DELAYS_S: dict[bytes, float] = {
    RESET: 0.10,
    STATUS: 0.01,
    SAM_ID: 0.01,
    FIND: 0.03,
    SELECT: 0.05,
    READ: 0.40,
    READ_FINGERPRINT: 0.55,
    READ_NEW_ADDRESS: 0.10,
}
BOOT_S = 0.8  # deaf after a reset that nobody asked for
OTHER_BAUD = 9600  # where `ReaderFault.WRONG_BAUD` puts the reader: as older ones leave the factory
LATE_S = 3.0  # what "late" means: longer than a host waits

SAM_NUMBER = bytes.fromhex("0500 0100 AFDC3201 87D61200 59000000")  # 05.01-20110511-0001234567-0000000089


class ReaderFault(StrEnum):
    """What can be wrong, by the names the cabinet shows."""

    WORN_CARD = "worn-card"  # found and selected, cannot be read: 41
    CARD_REFUSES = "card-refuses"  # 31
    READER_REFUSES = "reader-refuses"  # 32
    NOT_VERIFIED = "not-verified"  # 33
    UNKNOWN_TYPE = "unknown-type"  # 40
    NO_RANDOM = "no-random"  # 47
    SELECT_FAILS = "select-fails"  # 81
    REMOVED_MIDWAY = "removed-midway"  # the card is lifted while it is being read
    SELF_TEST = "self-test"  # 60 to everything
    NOT_AUTHORISED = "not-authorised"  # 66 to everything
    SILENT = "silent"
    LATE = "late"  # every answer after the host has given up
    BAD_CHECKSUM = "bad-checksum"
    BAD_LENGTH = "bad-length"
    TRUNCATED = "truncated"
    NOISE = "noise"  # rubbish and stray AA before every answer
    SLOW_BYTES = "slow-bytes"  # one byte at a time
    GLUED = "glued"  # an old answer sticks to every answer
    WRONG_BAUD = "wrong-baud"  # speaks at `OTHER_BAUD`, whatever it was told
    RESET_MIDWAY = "reset-midway"  # loses its power for a moment while it sends a card's data
    OK_DOES_NOTHING = "ok-does-nothing"  # 90 without data to everything


_SAM_FAULTS = {ReaderFault.SELF_TEST: 0x60, ReaderFault.NOT_AUTHORISED: 0x66}
_CARD_FAULTS = {
    ReaderFault.WORN_CARD: 0x41,
    ReaderFault.CARD_REFUSES: 0x31,
    ReaderFault.READER_REFUSES: 0x32,
    ReaderFault.NOT_VERIFIED: 0x33,
    ReaderFault.UNKNOWN_TYPE: 0x40,
    ReaderFault.NO_RANDOM: 0x47,
}


@dataclass
class _Injected:
    times: int | None
    on: bytes | None


_BAUDS = {getattr(termios, f"B{baud}"): baud for baud in (4800, 9600, 19200, 38400, 57600, 115200, 230400)}


class Rf(StrEnum):
    """Where the SAM is with the card on it."""

    IDLE = "idle"
    FOUND = "found"
    SELECTED = "selected"
    DONE = "done"  # read; find answers 80 until the card is lifted or the SAM is reset


def frame(payload: bytes) -> bytes:
    length = len(payload) + 1
    body = bytes([length >> 8, length & 0xFF]) + payload
    check = 0
    for byte in body:
        check ^= byte
    return b"\xaa\xaa\xaa\x96\x69" + body + bytes([check])


def answer(sw3: int, data: bytes = b"") -> bytes:
    return frame(bytes([0, 0, sw3]) + data)


class VirtualIdReader:
    """`speed` 2.0 answers twice as fast; `on_event` gets one English line without personal data each time
    something happens; `late_s` is the delay of `ReaderFault.LATE`. `baud` is the speed of its UART: a host at another
    one is not understood; None understands every speed."""

    def __init__(
        self,
        pty_path: Path,
        *,
        speed: float = 1.0,
        late_s: float = LATE_S,
        baud: int | None = None,
        on_event: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.pty = VirtualPty(pty_path)
        self._speed = speed
        self._late_s = late_s
        self._baud = baud
        self._on_event = on_event
        self._chip: Chip | None = None
        self._rf = Rf.IDLE
        self._faults: dict[ReaderFault, _Injected] = {}
        self._serving = b""
        self._pending = bytearray()
        self._task: asyncio.Task[None] | None = None
        self.commands: deque[bytes] = deque(maxlen=1000)  # what the host asked, CMD and PARA

    # hands

    async def start(self) -> None:
        self.pty.plug()
        self._task = asyncio.create_task(self._run(), name="virtual-id-reader")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        self.pty.unplug()

    def unplug(self) -> None:
        self.pty.unplug()
        self._pending.clear()
        self._power_up()
        self._on_event("unplugged")

    def replug(self) -> None:
        self.pty.replug()
        self._on_event("plugged in")

    def lay_card(self, card: VirtualCard | Chip) -> None:
        self._chip = card.chip() if isinstance(card, VirtualCard) else card
        self._rf = Rf.IDLE
        self._on_event("card laid on the reader")

    def lift_card(self) -> None:
        if self._chip is not None:
            self._chip = None
            self._rf = Rf.IDLE
            self._on_event("card lifted")

    @property
    def has_card(self) -> bool:
        return self._chip is not None

    @property
    def baud(self) -> int | None:
        """The speed of its UART; None: every speed."""
        return OTHER_BAUD if ReaderFault.WRONG_BAUD in self._faults else self._baud

    @property
    def faults(self) -> frozenset[ReaderFault]:
        return frozenset(self._faults)

    def inject(self, fault: ReaderFault, times: int | None = None, on: bytes | None = None) -> None:
        """From now on, or for the next `times` answers that it can spoil; `on`: only those to this CMD PARA."""
        self._faults[fault] = _Injected(times, on)
        self._on_event(f"fault: {fault.value}")

    def clear(self, fault: ReaderFault | None = None) -> None:
        """Mend one fault, or all."""
        if fault is None:
            self._faults.clear()
        else:
            self._faults.pop(fault, None)
        self._on_event("faults cleared" if fault is None else f"fault cleared: {fault.value}")

    # the SAM

    async def _run(self) -> None:
        while True:
            received = await self.pty.read()
            if (host := self._host_baud()) is not None and self.baud not in (None, host):
                await self._mishear(host)
                continue
            self._pending += received
            while (request := self._next_request()) is not None:
                await self._serve(request)

    def _next_request(self) -> bytes | None:
        """CMD, PARA and data of the next request, b"" for one with a wrong checksum."""
        start = self._pending.find(b"\xaa\xaa\xaa\x96\x69")
        if start < 0 or len(self._pending) < start + 7:
            return None
        length = self._pending[start + 5] << 8 | self._pending[start + 6]
        if len(self._pending) < start + 7 + length:
            return None
        request = bytes(self._pending[start + 7 : start + 7 + length])
        whole = bytes(self._pending[start : start + 7 + length])
        del self._pending[: start + 7 + length]
        return request[:-1] if whole == frame(request[:-1]) else b""

    async def _serve(self, request: bytes) -> None:
        command = request[:2]
        self.commands.append(command)
        self._serving = command
        if self._take(ReaderFault.SILENT):
            return
        reply = await self._reply(request)
        if command in (READ, READ_FINGERPRINT) and self._take(ReaderFault.RESET_MIDWAY):
            await self._boot(reply)
            return
        # A PTY is faster than any wire; the host's patience is tried by the wire's time.
        await asyncio.sleep(len(reply) * 10 / (self.baud or 115200) / self._speed)
        await self.pty.send(reply, self._delivery(reply))
        if command in SET_UART and reply == answer(0x90):
            self._baud = SET_UART[command]

    async def _boot(self, reply: bytes) -> None:
        """Power lost while sending: a piece of the answer, then nothing; what the host says meanwhile is not heard."""
        self._on_event("reader restarts by itself")
        self._power_up()
        await self.pty.send(reply[:40])
        with suppress(TimeoutError):
            async with asyncio.timeout(BOOT_S / self._speed):
                while True:
                    await self.pty.read()
        self._pending.clear()

    async def _mishear(self, host: int) -> None:
        """At another speed no frame is understood. A slower host's bytes look like breaks, and are answered with
        what it in turn takes for rubbish; a faster one's are lost between two samples."""
        self._pending.clear()
        if self.baud is not None and host < self.baud:
            await self.pty.send(b"\x00\xf8\x80\xfe\x00")

    def _host_baud(self) -> int | None:
        """The speed that the host has set on its end."""
        if not self.pty.plugged:
            return None
        terminal = os.open(self.pty.tty, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            code = termios.tcgetattr(terminal)[4]
        finally:
            os.close(terminal)
        return _BAUDS.get(code)

    async def _reply(self, request: bytes) -> bytes:
        command = request[:2]
        if len(command) < 2:
            return answer(0x10)  # checksum error
        if self._take(ReaderFault.OK_DOES_NOTHING):
            return answer(0x90)
        for fault, code in _SAM_FAULTS.items():
            if self._take(fault):
                return answer(code)
        if command in (READ, READ_FINGERPRINT):
            return await self._read(command)
        await asyncio.sleep(DELAYS_S.get(command, 0.01) / self._speed)
        match command:
            case b"\x10\xff":
                self._power_up()
                return answer(0x90)
            case b"\x11\xff":
                return answer(0x90)
            case b"\x61\xff":
                return answer(0x90 if len(request) == 3 else 0x11)
            case b"\x12\xff":
                return answer(0x90, SAM_NUMBER)
            case b"\x20\x01":
                return self._find()
            case b"\x20\x02":
                return self._select()
            case b"\x30\x03":
                return self._new_address()
            case _:
                return answer(0x90 if command in SET_UART else 0x21)

    def _power_up(self) -> None:
        self._rf = Rf.IDLE

    def _find(self) -> bytes:
        if self._chip is None or self._rf is Rf.DONE:
            return answer(0x80)
        self._rf = Rf.FOUND
        return answer(0x9F, bytes(4))

    def _select(self) -> bytes:
        if self._chip is None or self._rf is not Rf.FOUND or self._take(ReaderFault.SELECT_FAILS):
            return answer(0x81)
        self._rf = Rf.SELECTED
        return answer(0x90, bytes(8))

    def _new_address(self) -> bytes:
        if self._rf not in (Rf.SELECTED, Rf.DONE):
            return answer(0x21)  # out of order
        if self._chip is None:
            return answer(0x41)
        code = next((code for fault, code in _CARD_FAULTS.items() if self._take(fault)), 0)
        if code or not self._chip.new_address:
            return answer(code or 0x91)
        self._on_event("new address read")
        return answer(0x90, self._chip.new_address)

    async def _read(self, command: bytes) -> bytes:
        if self._rf is not Rf.SELECTED:
            return answer(0x21)  # out of order
        chip, half = self._chip, DELAYS_S[command] / self._speed / 2
        await asyncio.sleep(half)
        if self._take(ReaderFault.REMOVED_MIDWAY):
            self.lift_card()
        await asyncio.sleep(half)
        if chip is None or self._chip is not chip:
            self._rf = Rf.IDLE
            return answer(0x41)
        code = next((code for fault, code in _CARD_FAULTS.items() if self._take(fault)), 0x41 if chip.worn else 0)
        if code:
            self._rf = Rf.IDLE
            self._on_event(f"card not read ({code:02X})")
            return answer(code)
        self._rf = Rf.DONE
        self._on_event("card read")
        lengths = [len(chip.text), len(chip.photo)]
        parts = [chip.text, chip.photo]
        if command == READ_FINGERPRINT:
            lengths.append(len(chip.fingerprint))
            parts.append(chip.fingerprint)
        return answer(0x90, b"".join(bytes([n >> 8, n & 0xFF]) for n in lengths) + b"".join(parts))

    # the line

    def _delivery(self, reply: bytes) -> Delivery:
        keep = None
        if self._take(ReaderFault.BAD_CHECKSUM):
            # all but the last byte, which comes as a wrong one in `glued`
            return Delivery(keep=len(reply) - 1, glued=bytes([reply[-1] ^ 0x5A]))
        if self._take(ReaderFault.BAD_LENGTH):
            return Delivery(keep=5, glued=b"\xff\xff" + reply[7:])
        if self._take(ReaderFault.TRUNCATED):
            keep = len(reply) // 2
        return Delivery(
            noise=b"\x00\x7f\xaa\x96\x69\xaa\xaa" if self._take(ReaderFault.NOISE) else b"",
            byte_by_byte=self._take(ReaderFault.SLOW_BYTES),
            keep=keep,
            glued=answer(0x80) if self._take(ReaderFault.GLUED) else b"",
            late_s=self._late_s if self._take(ReaderFault.LATE) else 0.0,
        )

    def _take(self, fault: ReaderFault) -> bool:
        """Whether `fault` is on, using up one of its times."""
        injected = self._faults.get(fault)
        if injected is None or injected.on not in (None, self._serving):
            return False
        if injected.times is not None:
            injected.times -= 1
            if injected.times <= 0:
                del self._faults[fault]
        return True
