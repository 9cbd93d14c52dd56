"""A virtual 80 mm receipt printer on a PTY, speaking ESC/POS.

Written from the command tables, never with the driver's codec. Like the real thing it obeys real-time commands at once,
even within a job, and everything else in its own time: a printer without paper keeps what it has received and goes on
after the repair.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from drivers.virtual.escpos_parser import Command, RealTimeScanner, take
from drivers.virtual.pty import CLEAN, Delivery, VirtualPty
from drivers.virtual.slip_canvas import LINE, Slip, SlipCanvas

log = structlog.get_logger()

ROLL_MM = 80_000.0  # an 80 m roll
NEAR_END_MM = 2_000.0
DOTS_PER_MM = 8.0


@dataclass(frozen=True)
class Delays:
    """Seconds the mechanics take, divided by the printer's `speed`."""

    mm: float = 1 / 150  # paper speed 150 mm/s
    cut: float = 0.4
    start: float = 0.15  # the head heats up
    power_on: float = 1.5


DELAYS = Delays()
Event = dict[str, Any]


class VirtualReceiptPrinter:
    """`slips`: what has come out, oldest first. `answers_process_id`, `answers_counters`: what clones lack.

    `on_event` hears {"event": "slip" (with "slip"), "paper", "cover-open", "cutter-jam", "repaired", …}.
    """

    def __init__(
        self,
        path: Path,
        *,
        speed: float = 1.0,
        on_event: Callable[[Event], None] | None = None,
        answers_process_id: bool = True,
        answers_counters: bool = True,
    ) -> None:
        self.pty = VirtualPty(path)
        self.slips: list[Slip] = []
        self.delivery: Delivery = CLEAN  # how replies travel
        self._speed = speed
        self._on_event = on_event
        self._answers_process_id = answers_process_id
        self._answers_counters = answers_counters
        self._tasks: list[asyncio.Task[None]] = []
        self._on = False
        self._paper_mm = ROLL_MM
        self._cover = self._jam = self._jam_planned = self._hot = self._silent = self._broken = False
        self._cuts = 0
        self._automatic = 0
        self._forget()

    def _forget(self) -> None:
        """What a loss of power or a clear command does to what has been received."""
        self._buffer = bytearray()
        self._scanner = RealTimeScanner()
        self._canvas = SlipCanvas()
        self._raw = bytearray()
        self._qr = {"module": 3, "error": "L", "data": ""}
        self._moving = False
        self._work = asyncio.Event()

    # --- hands ------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Plug in, switched on and loaded."""
        self.pty.plug()
        self._on = True
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._print())]

    async def stop(self) -> None:
        """Pull the plug."""
        self._on = False
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        self.pty.unplug()

    async def power(self, on: bool) -> None:
        """The switch; the serial adapter in the cabinet stays plugged. Switching off loses what was received."""
        if on and not self._on:
            await self._wait(DELAYS.power_on)
        self._on = on
        self._forget()
        self._automatic = 0
        await self._changed("on" if on else "off")

    async def set_paper(self, level: float | str) -> None:
        """Millimetres left, or "full", "low", "out"."""
        named = {"full": ROLL_MM, "low": NEAR_END_MM / 2, "out": 0.0}
        self._paper_mm = named[level] if isinstance(level, str) else level
        await self._changed("paper")

    async def open_cover(self) -> None:
        self._cover = True
        await self._changed("cover-open")

    async def jam_cutter(self) -> None:
        """The cutter sticks at the next cut."""
        self._jam_planned = True
        await self._changed("cutter-jam-planned")

    async def overheat(self) -> None:
        self._hot = True
        await self._changed("overheated")

    async def break_down(self) -> None:
        """An unrecoverable error."""
        self._broken = True
        await self._changed("broken")

    async def go_silent(self) -> None:
        """Powered, but answers nothing and prints nothing: a hung controller."""
        self._silent = True
        await self._changed("silent")

    async def repair(self) -> None:
        """Close the cover, free the cutter, let the head cool, wake the controller. Paper is `set_paper`."""
        self._cover = self._jam = self._jam_planned = self._hot = self._silent = self._broken = False
        await self._changed("repaired")

    def state(self) -> dict[str, Any]:
        """For the cabinet's panel."""
        return {
            "on": self._on,
            "paper_mm": round(self._paper_mm),
            "paper": "out" if self._paper_out else "low" if self._paper_low else "full",
            "cover_open": self._cover,
            "cutter_jammed": self._jam,
            "cutter_jam_planned": self._jam_planned,
            "overheated": self._hot,
            "broken": self._broken,
            "silent": self._silent,
            "cuts": self._cuts,
            "slips": len(self.slips),
            "waiting_bytes": len(self._buffer),
        }

    # --- the line ---------------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        while True:
            data = await self.pty.read()
            if not self._on or self._silent:
                continue
            self._buffer += data
            for command in self._scanner.feed(data):
                await self._obey_at_once(command)
            self._work.set()

    async def _obey_at_once(self, command: bytes) -> None:
        if command[0] == 0x04 and 1 <= command[1] <= 4:
            await self._reply(bytes([self._real_time_status(command[1])]))
        elif command == RealTimeScanner.CLEAR or (command[0] == 0x05 and command[1] == 2):
            self._forget()
            if command[0] == 0x05:
                self._jam = False

    async def _reply(self, data: bytes) -> None:
        if self._on and not self._silent:
            await self.pty.send(data, self.delivery)

    def _real_time_status(self, n: int) -> int:
        fixed = 0x12
        if n == 1:
            return fixed | 0x08 * self._offline
        if n == 2:
            return fixed | 0x04 * self._cover | 0x20 * self._paper_out | 0x40 * self._error
        if n == 3:
            return fixed | 0x08 * self._jam | 0x20 * self._broken | 0x40 * self._hot
        return fixed | 0x0C * self._paper_low | 0x60 * self._paper_out

    def _automatic_status(self) -> bytes:
        return bytes(
            (
                0x10 | 0x08 * self._offline | 0x20 * self._cover,
                0x08 * self._jam | 0x20 * self._broken | 0x40 * self._hot,
                0x03 * self._paper_low | 0x0C * self._paper_out,
                0,
            )
        )

    @property
    def _paper_out(self) -> bool:
        return self._paper_mm <= 0

    @property
    def _paper_low(self) -> bool:
        return self._paper_mm <= NEAR_END_MM

    @property
    def _error(self) -> bool:
        return self._jam or self._hot or self._broken

    @property
    def _offline(self) -> bool:
        return self._cover or self._paper_out or self._error

    async def _changed(self, event: str) -> None:
        self._emit({"event": event, **self.state()})
        if self._automatic:
            await self._reply(self._automatic_status())
        self._work.set()

    def _emit(self, event: Event) -> None:
        if self._on_event is not None:
            self._on_event(event)

    # --- the mechanics ----------------------------------------------------------------------------------------------

    async def _print(self) -> None:
        while True:
            await self._until_able()
            work = self._work
            work.clear()
            command = take(self._buffer)
            if command is None:
                self._moving = False
                await self._any_work(work)
                continue
            raw = self._raw
            raw += command.raw
            await self._do(command)

    async def _any_work(self, work: asyncio.Event) -> None:
        with contextlib.suppress(TimeoutError):  # a loss of power replaces the event
            await asyncio.wait_for(work.wait(), 0.2)

    async def _until_able(self) -> None:
        while self._offline or self._silent or not self._on:
            self._moving = False
            await asyncio.sleep(0.02)

    async def _do(self, command: Command) -> None:
        canvas, data = self._canvas, command.data
        match command.name:
            case "text":
                canvas.write(data.decode("gb18030", "replace"))
            case "lf":
                await self._feed(LINE, lambda: canvas.feed(LINE))
            case "raster":
                width, height = data[1] + 256 * data[2], data[3] + 256 * data[4]
                await self._feed(height, lambda: canvas.raster(width, height, data[5:]))
            case "cut":
                await self._cut(data)
            case "function":
                await self._function(data)
            case "1b40":
                canvas.reset()
                if canvas.blank:
                    self._raw[:] = command.raw  # what came before belongs to no slip
            case "1b61":
                canvas.align = data[0] % 48 % 3
            case "1b45":
                canvas.restyle(bold=bool(data[0] & 1))
            case "1d21":
                canvas.restyle(width=(data[0] >> 4) + 1, height=(data[0] & 7) + 1)
            case "1b21":
                canvas.restyle(
                    width=1 + bool(data[0] & 0x20), height=1 + bool(data[0] & 0x10), bold=bool(data[0] & 0x08)
                )
            case "1b64":
                for _ in range(data[0]):
                    await self._feed(LINE, lambda: canvas.feed(LINE))
            case "1d61":
                self._automatic = data[0]
                if data[0]:
                    await self._reply(self._automatic_status())
            case "1d72" if data[0] in (1, 49):
                await self._reply(bytes([0x03 * self._paper_low]))
            case "1d6732" if self._answers_counters and data[1] + 256 * data[2] == 50:
                await self._reply(b"\x5f" + str(self._cuts).encode() + b"\x00")

    async def _function(self, data: bytes) -> None:
        kind, body = data[0], data[3:]
        if kind == 0x48 and body[:2] == b"\x30\x30" and self._answers_process_id:
            await self._reply(b"\x37\x22" + body[2:6] + b"\x00")
        elif kind == 0x6B and body[:1] == b"\x31":
            await self._qr_function(body[1], body[2:])

    async def _qr_function(self, function: int, data: bytes) -> None:
        if function == 0x43:
            self._qr["module"] = data[0]
        elif function == 0x45:
            self._qr["error"] = "LMQH"[data[0] - 48]
        elif function == 0x50:
            self._qr["data"] = data[1:].decode("utf-8", "replace")
        elif function == 0x51 and self._qr["data"]:
            text, module, error = str(self._qr["data"]), int(str(self._qr["module"])), str(self._qr["error"])
            canvas = self._canvas
            await self._feed(30 * module, lambda: canvas.qr(text, module, error))

    async def _feed(self, dots: int, draw: Callable[[], None]) -> None:
        """Move paper; when it ends the line is printed after the repair, as the sensor sits before the head."""
        await self._until_able()
        if not self._moving:
            self._moving = True
            await self._wait(DELAYS.start)
        mm = dots / DOTS_PER_MM
        await self._wait(mm * DELAYS.mm)
        low, out = self._paper_low, self._paper_out
        self._paper_mm = max(0.0, self._paper_mm - mm)
        draw()
        if (low, out) != (self._paper_low, self._paper_out):
            await self._changed("paper")

    async def _cut(self, data: bytes) -> None:
        canvas, raw = self._canvas, self._raw
        if data[0] in (65, 66, 97, 98):
            await self._feed(LINE * 4 + data[1], lambda: canvas.feed(LINE * 4 + data[1]))
        await self._until_able()
        if self._jam_planned:
            self._jam_planned, self._jam = False, True
            await self._changed("cutter-jam")
            await self._until_able()
        await self._wait(DELAYS.cut)
        if canvas is not self._canvas:
            return  # the power went meanwhile
        self._cuts += 1
        slip = await asyncio.to_thread(canvas.finish, bytes(raw))
        del self._raw[: len(slip.raw)]
        self.slips.append(slip)
        self._emit({"event": "slip", "slip": slip})

    async def _wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._speed)
