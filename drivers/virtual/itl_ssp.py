"""A banknote validator as seen from the host: ITL SSP on a serial line, with notes fed, pulled and stuck.

Written from the protocol's byte tables, not from our driver, so that a misunderstanding in the one does not hide in the
other.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from drivers.virtual.itl_ssp_faults import SspFault, delivery
from drivers.virtual.itl_ssp_frames import CommandReader, frame
from drivers.virtual.note_path import YUAN, Faults, NoteMechanics, Place
from drivers.virtual.pty import VirtualPty

READING_S = 0.8
TO_SAFETY_S = 0.6  # from the order to the place where nobody can pull the note out: the credit
TO_STACK_S = 0.6  # from there into the cashbox
REJECTING_S = 0.8
START_UP_S = 1.0  # after power-up, until the unit answers
CLEARING_S = 0.5  # then it clears its path
LATE_S = 1.5  # what "late" means: longer than a host waits

SERIAL_NUMBER = 1234567

REMOVED, FULL, UNSAFE_JAM, SAFE_JAM = 0xE3, 0xE7, 0xE9, 0xEA


class VirtualSspValidator:
    """`yuan`: the values of the channels, from 1 on. `protocol`: the newest version the unit knows; its set-up is of
    version 6 only if the host asked for that. `repeats_trouble`: says in every poll what is wrong, as most units do,
    instead of once. `unpolled_s`: it disables itself when it is left alone that long; `escrow_s`: a note nobody decides
    about comes out again. `speed` 2.0 moves twice as fast; `on_event` gets one English line each time something
    happens. A credit outlives the power until a poll has fetched it."""

    def __init__(
        self,
        pty_path: Path,
        *,
        speed: float = 1.0,
        on_event: Callable[[str], None] = lambda text: None,
        yuan: tuple[int, ...] = (1, 5, 10, 20, 50, 100),
        currency: str = "CNY",
        protocol: int = 6,
        repeats_trouble: bool = True,
        unpolled_s: float = 8.0,
        escrow_s: float = 10.0,
        late_s: float = LATE_S,
    ) -> None:
        self.pty = VirtualPty(pty_path)
        self.path = NoteMechanics(speed, on_event)
        self.faults: Faults[SspFault] = Faults(on_event)
        self.yuan, self.currency, self.protocol = yuan, currency, protocol
        self.commands: deque[int] = deque(maxlen=1000)
        self.credits_told = 0  # in replies; whether they arrived is another matter
        self.trouble: set[int] = set()  # events that stay until mended
        self._on_event, self._repeats_trouble = on_event, repeats_trouble
        self._unpolled_s, self._escrow_s, self._late_s = unpolled_s, escrow_s, late_s
        self._task: asyncio.Task[None] | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._held = asyncio.Event()
        self._commands = CommandReader()
        self._unpaid: int | None = None  # channel whose credit is made and not yet in a reply
        self._counted = False  # the credit of the note in the path is made
        self._deaf = False  # without power, or starting
        self._power_up_state()

    # hands

    async def start(self) -> None:
        self.pty.plug()
        self._power_up_state()
        self._task = asyncio.create_task(self._run(), name="virtual-ssp-validator")

    async def stop(self) -> None:
        await self.path.halt()
        if self._watch is not None:
            self._watch.cancel()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        self.pty.unplug()

    def unplug(self) -> None:
        """Only the cable: the unit keeps its power and its memory."""
        self.pty.unplug()
        self._commands.forget()
        self._on_event("unplugged")

    def replug(self) -> None:
        self.pty.replug()
        self._on_event("plugged in")

    @property
    def taking(self) -> bool:
        """Whether it would draw in a note now."""
        return self._enabled and bool(self._mask) and self.path.note is None and not self.trouble and not self._deaf

    def insert(self, fen: int) -> bool:
        """Hold a note before the slot. False: the unit does not draw it in."""
        if not self.taking:
            return False
        self.path.draw_in(fen)
        self._read_told = self._released = self._counted = False
        self._events.append(b"\xef\x00")
        self.path.move(self._read())
        return True

    def pull_back(self) -> bool:
        """Pull at the note; only one in escrow comes out."""
        if self.path.place is not Place.ESCROW:
            return False
        self.path.come_out("pulled back")
        self._events.append(b"\xec")
        self._reject_code = 0x0E
        return True

    def fish(self, channel: int = 0) -> None:
        """Somebody works at the unit with a string."""
        self._events.append(bytes([0xE6, channel]))
        self._on_event("manipulation seen")

    def fill(self) -> None:
        self._break(FULL, "cash box full")

    def empty(self) -> list[int]:
        """A clerk empties the box; what was in it."""
        taken, self.path.cashbox = self.path.cashbox, []
        self.trouble.discard(FULL)
        self._on_event("cash box emptied")
        return taken

    def remove_cashbox(self) -> None:
        self._break(REMOVED, "cash box removed")

    def replace_cashbox(self) -> None:
        if REMOVED in self.trouble:
            self.trouble -= {REMOVED, FULL}
            self._events.append(b"\xe4")
            self._on_event("cash box replaced")

    def unjam(self) -> None:
        """A clerk opens the unit and takes the stuck note out; it goes into the cashbox if it was counted."""
        self.trouble -= {UNSAFE_JAM, SAFE_JAM}
        if self.path.place is Place.STUCK:
            if self._counted:
                self.path.drop_into_box()
            else:
                self.path.come_out("taken out by a clerk")

    async def power_off(self) -> None:
        await self.path.halt()
        self._deaf = True
        self._commands.forget()
        self._on_event("power off")

    def power_on(self, *, clear_to: str = "") -> None:
        """`clear_to` "front" or "cashbox": where a note in the path goes; by itself it goes to the cashbox once it was
        on its way there. Trouble with the box stays, a jam does not."""
        self._power_up_state()
        self._deaf = True
        self._on_event("power on")
        self.path.move(self._start_up(clear_to))

    async def reset(self, *, clear_to: str = "") -> None:
        """Power off and on."""
        await self.power_off()
        self.power_on(clear_to=clear_to)

    # the unit

    def _power_up_state(self) -> None:
        self._enabled = False
        self._mask = 0
        self._host_protocol = 4
        self._last: tuple[int, bytes] | None = None  # sequence byte and reply: for a command heard twice
        self._events: list[bytes] = [b"\xf1"]
        self._released = False
        self._read_told = False
        self._reject_code = 0
        self._announced: set[int] = set()

    async def _start_up(self, clear_to: str) -> None:
        await self.path.pause(START_UP_S)
        self._deaf = False
        self.trouble -= {UNSAFE_JAM, SAFE_JAM}
        unpaid = self._unpaid
        if unpaid is not None:
            self._events.append(bytes([0xEE, unpaid]))
        note = self.path.note
        if note is None:
            return
        await self.path.pause(CLEARING_S)
        on_its_way = self.path.place is Place.STACKING and clear_to != "front"
        channel = self._channel(note)
        if self._counted or on_its_way or clear_to == "cashbox":
            if unpaid is None:
                self._events.append(bytes([0xE2, channel]))
            self.path.drop_into_box()
        else:
            self._events.append(bytes([0xE1, channel]))
            self.path.come_out("cleared to the front")

    def _channel(self, fen: int) -> int:
        return self.yuan.index(fen // YUAN) + 1 if fen // YUAN in self.yuan else 0

    async def _read(self) -> None:
        await self.path.pause(READING_S)
        channel = self._channel(self.path.note or 0)
        if self.faults.take(SspFault.COUNTERFEIT) or not channel:
            self._reject_code = 0x02
        elif not self._mask >> (channel - 1) & 1:
            self._reject_code = 0x06
        elif not self._enabled:
            self._reject_code = 0x0C
        else:
            self.path.place = Place.ESCROW
            self._events.append(bytes([0xEF, channel]))
            await self._wait_for_decision()
            self._reject_code = 0x13
        await self._reject()

    async def _wait_for_decision(self) -> None:
        while True:
            self._held.clear()
            try:
                async with asyncio.timeout(self._escrow_s):
                    await self._held.wait()
            except TimeoutError:
                if SspFault.ONLY_WORDS not in self.faults:
                    return

    async def _reject(self) -> None:
        self.path.place = Place.REJECTING
        self._events.append(b"\xed")
        await self.path.pause(REJECTING_S)
        self._events.append(b"\xec")
        self.path.come_out()

    async def _stack(self) -> None:
        self.path.place = Place.STACKING
        self._events.append(b"\xcc")
        await self.path.pause(TO_SAFETY_S)
        if self.faults.take(SspFault.JAM_UNSAFE):
            self.path.place = Place.STUCK
            self._break(UNSAFE_JAM, "note stuck, can be got at")
            return
        self.path.place, self._counted = Place.CREDITED, True
        self._unpaid = self._channel(self.path.note or 0)
        self._events.append(bytes([0xEE, self._unpaid]))
        await self.path.pause(TO_STACK_S)
        if self.faults.take(SspFault.JAM_SAFE):
            self.path.place = Place.STUCK
            self._break(SAFE_JAM, "note stuck inside")
            return
        self._events.append(b"\xeb")
        if self.faults.take(SspFault.CREDIT_TWICE):
            self._events.append(bytes([0xEE, self._channel(self.path.note or 0)]))
        self.path.drop_into_box()

    def _break(self, event: int, text: str) -> None:
        self.trouble.add(event)
        self._announced.discard(event)
        self._on_event(text)

    # the line

    async def _run(self) -> None:
        while True:
            self._commands.feed(await self.pty.read())
            while (command := self._commands.next()) is not None:
                await self._serve(*command)

    async def _serve(self, sequence: int, data: bytes) -> None:
        if sequence & 0x7F or self._deaf:
            return
        self._feed_watch()
        if self.faults.take(SspFault.SILENT) or self.faults.take(SspFault.LOST_COMMAND):
            return
        self.commands.append(data[0])
        if data[0] != 0x11 and self._last is not None and self._last[0] == sequence:
            reply = self._last[1]  # heard twice: done once
        else:
            reply = frame(sequence, self._obey(data))
            self._last = (sequence, reply)
        await self.pty.send(reply, delivery(reply, self.faults, self._late_s))

    def _obey(self, data: bytes) -> bytes:
        match data[0]:
            case 0x11:
                return b"\xf0"
            case 0x01:
                if SspFault.ONLY_WORDS not in self.faults:
                    asyncio.get_running_loop().call_later(0.01, self.power_on)
                return b"\xf0"
            case 0x02 if len(data) == 3:
                self._mask = data[1] | data[2] << 8
                return b"\xf0"
            case 0x05:
                return b"\xf0" + self._setup()
            case 0x06 if len(data) == 2:
                if data[1] > self.protocol:
                    return b"\xf8"
                self._host_protocol = data[1]
                return b"\xf0"
            case 0x07:
                return self._poll()
            case 0x08:
                return self._order_out()
            case 0x09 | 0x0A:
                self._enabled = data[0] == 0x0A and SspFault.NEVER_ENABLES not in self.faults
                return b"\xf0"
            case 0x0C:
                return b"\xf0" + SERIAL_NUMBER.to_bytes(4, "big")
            case 0x17:
                return bytes([0xF0, self._reject_code])
            case 0x18 if SspFault.NO_HOLD not in self.faults:
                self._held.set()
                return b"\xf0" if self.path.place is Place.ESCROW else b"\xf5"
            case 0x02 | 0x06:
                return b"\xf3"
            case _:
                return b"\xf2"

    def _poll(self) -> bytes:
        if self.path.place is Place.ESCROW and self._read_told and not self._released:
            self._released = True  # neither held nor rejected since it was told: taken
            if SspFault.ONLY_WORDS not in self.faults:
                self.path.move(self._stack())
        said = b"".join(self._events)
        if any(event[0] == 0xEF and event[1] for event in self._events):
            self._read_told = True
        if any(event[0] == 0xEE for event in self._events):
            self._unpaid = None
            self.credits_told += 1
        self._events.clear()
        for trouble in sorted(self.trouble):
            if self._repeats_trouble or trouble not in self._announced:
                self._announced.add(trouble)
                said += bytes([trouble])
        if not self._enabled:
            said += b"\xe8"
        if self.faults.take(SspFault.PAYOUT_EVENT):
            said += bytes.fromhex("DA 01 E8 03 00 00 43 4E 59")
        return b"\xf0" + said

    def _order_out(self) -> bytes:
        if self.path.place is not Place.ESCROW:
            return b"\xf5"
        if SspFault.ONLY_WORDS not in self.faults:
            self._reject_code = 0x08
            self.path.move(self._reject())
        return b"\xf0"

    def _setup(self) -> bytes:
        n, country = len(self.yuan), self.currency.encode()
        data = b"\x000330" + country + b"\x00\x00\x01" + bytes([n, *self.yuan]) + b"\x02" * n + b"\x00\x00\x64"
        data += bytes([self._host_protocol])
        if self._host_protocol >= 6:
            data += country * n + b"".join(yuan.to_bytes(4, "little") for yuan in self.yuan)
        return data

    def _feed_watch(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
        self._watch = asyncio.get_running_loop().call_later(self._unpolled_s, self._left_alone)

    def _left_alone(self) -> None:
        if self._enabled:
            self._enabled = False
            self._on_event("nobody polls: disabled itself")
