"""A code scanner on a serial line: trigger, beam, and what is held before it. Written from the vendors' command
descriptions, not from our driver."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from drivers.virtual.pty import Delivery, VirtualPty

DECODE_S = 0.15  # from seeing a code to sending it

_NEWLAND_HEAD = bytes.fromhex("7E0130303030")
_NEWLAND_REPLY_HEAD = bytes.fromhex("020130303030")
_NEWLAND_TAIL = bytes.fromhex("3B03")


class ScannerFault(StrEnum):
    """What can be wrong, by the names the cabinet shows."""

    NO_SUFFIX = "no-suffix"  # not configured: nothing follows the code
    SLOW_BYTES = "slow-bytes"  # one byte at a time
    NAK = "nak"  # refuses every configuration command
    SILENT = "silent"  # says nothing at all
    BLIND = "blind"  # takes commands, reads no code


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
        await self.pty.send(b"".join(self._dressed(code) for code in codes), how or Delivery())

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
            known = command[3:-1].upper().startswith(b"TRGMOD")
            mark = b"\x15" if ScannerFault.NAK in self._faults else b"\x06" if known else b"\x05"
            await self.pty.send(command[3:-1] + mark + command[-1:])

    async def _serve_newland(self, command: bytes) -> None:
        body = command[len(_NEWLAND_HEAD) : -len(_NEWLAND_TAIL)]  # "#SCNTRG1"
        name = body[1:]
        if name in (b"SCNTRG1", b"SCNTRG0"):
            mark = b"\x06"
        elif name.startswith(b"SCNMOD"):
            mark = b"\x15" if ScannerFault.NAK in self._faults else b"\x06"
        else:
            mark = b"\x05"
        await self.pty.send(_NEWLAND_REPLY_HEAD + body + mark + _NEWLAND_TAIL)
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
        await self.pty.send(
            self._dressed(presented.data), Delivery(byte_by_byte=ScannerFault.SLOW_BYTES in self._faults)
        )

    def _dressed(self, data: bytes) -> bytes:
        return self._prefix + data + (b"" if ScannerFault.NO_SUFFIX in self._faults else self._suffix)
