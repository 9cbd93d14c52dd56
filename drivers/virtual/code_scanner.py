"""Code scanners, on a serial line and as a keyboard: trigger, beam, and what is held before them. Written from the
vendors' command descriptions, not from our driver."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from drivers.virtual.input_device import ENTER, LEFT_CTRL, LEFT_SHIFT, US_LAYOUT, VirtualInputDevice
from drivers.virtual.pty import Delivery, VirtualPty

DECODE_S = 0.15  # from seeing a code to sending it
SLOW_SELF_S = 6.0

_NEWLAND_HEAD = bytes.fromhex("7E0130303030")
_NEWLAND_REPLY_HEAD = bytes.fromhex("020130303030")
_NEWLAND_TAIL = bytes.fromhex("3B03")

_HONEYWELL_SELF = b"Product Name: Virtual Area-Imaging Scanner\r\nSoftware Revision: VH000001AAA\r\n"
_NEWLAND_SELF = b"Product Name: NLS-VIRTUAL\nFirmware Version: 1.00.001\nSerial Number: V0000001\n"


class ScannerFault(StrEnum):
    """What can be wrong, by the names the cabinet shows."""

    NO_SUFFIX = "no-suffix"  # not configured: nothing follows the code
    SLOW_BYTES = "slow-bytes"  # one byte at a time
    NAK = "nak"  # refuses every configuration command
    SILENT = "silent"  # says nothing at all
    BLIND = "blind"  # takes commands, reads no code
    NAMELESS = "nameless"  # does not say who it is
    SLOW_SELF = "slow-self"  # thinks long before it says who it is
    GARBLED = "garbled"  # the line runs at another speed: nothing it says can be understood
    LATE = "late"  # answers commands, but only when the next one has come


@dataclass(frozen=True, repr=False)
class _Presented:
    data: bytes


class VirtualCodeScanner:
    """`family` "honeywell", "newland", or "presentation", which needs no trigger; `suffix` and `prefix` as configured
    in the scanner. `on_event` gets one English line, never the code."""

    def __init__(
        self,
        pty_path: Path,
        *,
        family: str = "honeywell",
        suffix: bytes = b"\r",
        prefix: bytes = b"",
        speed: float = 1.0,
        on_event: Callable[[str], None] = lambda text: None,
    ) -> None:
        if family not in ("honeywell", "newland", "presentation"):
            raise ValueError(f"no such family of scanners: {family}")
        self.pty = VirtualPty(pty_path)
        self._family = family
        self._suffix = suffix
        self._prefix = prefix
        self._speed = speed
        self._on_event = on_event
        self._beam = False
        self._presented: _Presented | None = None
        self._faults: set[ScannerFault] = set()
        self._pending = bytearray()
        self._tasks: set[asyncio.Task[None]] = set()
        self._kept_back = b""
        self.commands: deque[bytes] = deque(maxlen=1000)

    async def start(self) -> None:
        self.pty.plug()
        self._begin(self._run())

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        self.pty.unplug()

    def unplug(self) -> None:
        self.pty.unplug()
        self._pending.clear()
        self._beam = False
        self._on_event("unplugged")

    def replug(self) -> None:
        self.pty.replug()
        self._on_event("plugged in")

    @property
    def beam(self) -> bool:
        """Whether it is looking for a code."""
        return self._beam or self._family == "presentation"

    @property
    def faults(self) -> frozenset[ScannerFault]:
        return frozenset(self._faults)

    def inject(self, fault: ScannerFault) -> None:
        self._faults.add(fault)
        self._on_event(f"fault: {fault.value}")

    def clear(self, fault: ScannerFault | None = None) -> None:
        """Mend one fault, or all."""
        self._faults -= set(ScannerFault) if fault is None else {fault}
        self._on_event("faults cleared" if fault is None else f"fault cleared: {fault.value}")

    def present(self, code: str | bytes) -> None:
        """Hold a code before the window until it is read or taken away; str goes out as UTF-8."""
        self._presented = _Presented(code.encode() if isinstance(code, str) else code)
        self._on_event("code held before the scanner")
        self._look()

    def take_away(self) -> None:
        self._presented = None

    async def burst(self, *codes: bytes, how: Delivery | None = None) -> None:
        """Send codes at once and glued together, beam or not: a scanner in the wrong mode."""
        self._on_event(f"{len(codes)} code(s) sent unasked")
        await self._send(b"".join(self._dressed(code) for code in codes), how or Delivery())

    # inside

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self) -> None:
        while True:
            self._pending += await self.pty.read()
            while (command := self._next_command()) is not None:
                self.commands.append(command)
                if ScannerFault.SILENT not in self._faults:
                    await self._serve(command)

    def _next_command(self) -> bytes | None:
        """The next whole command with its wrapping, by the family's own framing."""
        if self._family == "newland":
            start = self._pending.find(_NEWLAND_HEAD)
            end = self._pending.find(_NEWLAND_TAIL, start)
            return self._cut(start, end + 2) if 0 <= start < end else None
        start = self._pending.find(b"\x16")
        if start < 0 or len(self._pending) < start + 3:
            return None
        if self._pending[start + 1] != ord("M"):
            return self._cut(start, start + 3)
        ends = [at for at in (self._pending.find(b"!", start), self._pending.find(b".", start)) if at >= 0]
        return self._cut(start, min(ends) + 1) if ends else None

    def _cut(self, start: int, end: int) -> bytes:
        command = bytes(self._pending[start:end])
        del self._pending[:end]
        return command

    async def _serve(self, command: bytes) -> None:
        if self._family == "newland":
            await self._serve_newland(command)
        elif command == b"\x16T\r":
            self._switch(True)
        elif command == b"\x16U\r":
            self._switch(False)
        elif command.startswith(b"\x16M\r"):
            name, told = command[3:-1], b""
            known = name.upper().startswith(b"TRGMOD")
            if name.upper() == b"REVINF" and ScannerFault.NAMELESS not in self._faults:
                known, told = True, _HONEYWELL_SELF
                await self._think()
            mark = b"\x15" if ScannerFault.NAK in self._faults else b"\x06" if known else b"\x05"
            await self._answer(told + name + mark + command[-1:])

    async def _serve_newland(self, command: bytes) -> None:
        body = command[len(_NEWLAND_HEAD) : -len(_NEWLAND_TAIL)]  # "#SCNTRG1"
        name = body[1:]
        if name in (b"SCNTRG1", b"SCNTRG0"):
            mark = b"\x06"
        elif name.startswith(b"SCNMOD"):
            mark = b"\x15" if ScannerFault.NAK in self._faults else b"\x06"
        elif name == b"QRYSYS" and ScannerFault.NAMELESS not in self._faults:
            body, mark = body + _NEWLAND_SELF, b"\x06"
            await self._think()
        else:
            mark = b"\x05"
        await self._answer(_NEWLAND_REPLY_HEAD + body + mark + _NEWLAND_TAIL)
        if name.startswith(b"SCNTRG"):
            self._switch(name == b"SCNTRG1")

    def _switch(self, on: bool) -> None:
        if on != self._beam:
            self._on_event("beam on" if on else "beam off")
        self._beam = on
        self._look()

    def _look(self) -> None:
        if self.beam and self._presented is not None and ScannerFault.BLIND not in self._faults:
            self._begin(self._decode(self._presented))

    async def _decode(self, presented: _Presented) -> None:
        await asyncio.sleep(DECODE_S / self._speed)
        if not self.beam or self._presented is not presented or ScannerFault.SILENT in self._faults:
            return
        self._presented = None
        self._beam = False  # a code read ends the trigger
        self._on_event("code read")
        await self._send(self._dressed(presented.data), Delivery(byte_by_byte=ScannerFault.SLOW_BYTES in self._faults))

    async def _think(self) -> None:
        if ScannerFault.SLOW_SELF in self._faults:
            await asyncio.sleep(SLOW_SELF_S / self._speed)

    async def _answer(self, data: bytes) -> None:
        if ScannerFault.LATE in self._faults:
            data, self._kept_back = self._kept_back, data
        await self._send(data, Delivery(byte_by_byte=ScannerFault.SLOW_BYTES in self._faults))

    async def _send(self, data: bytes, how: Delivery) -> None:
        if ScannerFault.GARBLED in self._faults:
            data = bytes(0x80 | byte for byte in data)  # framing errors: no byte is what it was
        await self.pty.send(data, how)

    def _dressed(self, data: bytes) -> bytes:
        return self._prefix + data + (b"" if ScannerFault.NO_SUFFIX in self._faults else self._suffix)


class VirtualKeyboardScanner:
    """A scanner in keyboard mode (US layout): it types what it reads, whenever it reads it, with Enter behind."""

    def __init__(self, path: Path, *, speed: float = 1.0, on_event: Callable[[str], None] = lambda text: None) -> None:
        self.input = VirtualInputDevice(path, speed=speed)
        self._on_event = on_event

    async def start(self) -> None:
        self.input.plug()

    async def stop(self) -> None:
        await self.input.unplug()

    async def unplug(self) -> None:
        await self.input.unplug()
        self._on_event("unplugged")

    def replug(self) -> None:
        self.input.plug()
        self._on_event("plugged in")

    async def scan(self, text: str, *, key_period_s: float = 0.01, enter: bool = True) -> None:
        """Type `text`, which must be ASCII; `key_period_s` of the device's own time from stroke to stroke."""
        self._on_event("code read")
        strokes: list[tuple[int, int]] = []
        for character in text:
            strokes += self._stroke(*US_LAYOUT[character])
        await self.input.strokes(strokes + (self._stroke(ENTER, False) if enter else []), key_period_s / 2)

    async def scan_control_code(self, before: str, control: str, after: str) -> None:
        """A code printed to press Ctrl: what an attacker holds before the scanner."""
        await self.scan(before, enter=False)
        key = US_LAYOUT[control][0]
        await self.input.strokes([(LEFT_CTRL, 1), (key, 1), (key, 0), (LEFT_CTRL, 0)], 0.005)
        await self.scan(after)

    @staticmethod
    def _stroke(key: int, shifted: bool) -> list[tuple[int, int]]:
        stroke = [(key, 1), (key, 0)]
        return [(LEFT_SHIFT, 1), *stroke, (LEFT_SHIFT, 0)] if shifted else stroke
