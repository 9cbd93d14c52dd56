"""Head, motor and cutter of the virtual receipt printer: what its commands do, in their own time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from drivers.virtual.escpos_parser import Command, RealTimeScanner, take
from drivers.virtual.slip_canvas import LINE, Slip, SlipCanvas

ROLL_MM = 80_000.0  # an 80 m roll
NEAR_END_MM = 2_000.0
DOTS_PER_MM = 8.0
CUTS_COUNTER = 50


@dataclass(frozen=True)
class Delays:
    """Seconds the mechanics take, divided by the printer's `speed`."""

    mm: float = 1 / 150  # paper speed 150 mm/s
    cut: float = 0.4
    start: float = 0.15  # the head heats up
    power_on: float = 1.5


DELAYS = Delays()
Event = dict[str, Any]


@dataclass(frozen=True)
class Model:
    """What this printer can do, and clones cannot. `starts_in_chinese`: Chinese mode after ESC @ and at power on."""

    process_id: bool = True
    counters: bool = True
    automatic_status: bool = True
    near_end_sensor: bool = True
    ids: tuple[str, str, str] | None = ("Menkou", "VP-80", "519999")  # maker, model, serial number
    starts_in_chinese: bool = True


class SlipMechanics:
    """The state a slip is made in. The printer around it brings the line and the hands."""

    def __init__(self, model: Model, speed: float) -> None:
        self.model = model
        self.slips: list[Slip] = []
        self._speed = speed
        self._on = False
        self._paper_mm = ROLL_MM
        self._cover = self._jam = self._jam_planned = self._hot = self._silent = self._broken = False
        self._feed_pressed = self._idle_head = False
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
        self._chinese = self.model.starts_in_chinese
        self._moving = False
        self._work = asyncio.Event()

    # --- what the printer around it does ----------------------------------------------------------------------------

    async def _reply(self, data: bytes) -> None:
        raise NotImplementedError

    async def _changed(self, event: str) -> None:
        raise NotImplementedError

    def _emit(self, event: Event) -> None:
        raise NotImplementedError

    # --- status -----------------------------------------------------------------------------------------------------

    def _real_time_status(self, n: int) -> int:
        fixed = 0x12
        if n == 1:
            return fixed | 0x08 * self._offline | 0x40 * self._feed_pressed
        if n == 2:
            fed, out = 0x08 * self._feed_pressed, 0x20 * self._paper_out
            return fixed | 0x04 * self._cover | fed | out | 0x40 * self._error
        if n == 3:
            return fixed | 0x08 * self._jam | 0x20 * self._broken | 0x40 * self._hot
        return fixed | 0x0C * self._paper_low | 0x60 * self._paper_out

    def _automatic_status(self) -> bytes:
        return bytes(
            (
                0x10 | 0x08 * self._offline | 0x20 * self._cover | 0x40 * self._feed_pressed,
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
        return self.model.near_end_sensor and self._paper_mm <= NEAR_END_MM

    @property
    def _error(self) -> bool:
        return self._jam or self._hot or self._broken

    @property
    def _offline(self) -> bool:
        return self._cover or self._paper_out or self._error or self._feed_pressed

    # --- the mechanics ----------------------------------------------------------------------------------------------

    async def _work_off(self) -> None:
        """Obey what has been received, one command after the other, for ever."""
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
                # Two-byte codes only, as these printers' fonts have them; outside Chinese mode, box drawing.
                canvas.write(data.decode("gbk" if self._chinese else "cp437", "replace"))
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
                self._automatic = 0
                self._chinese = self.model.starts_in_chinese
                if canvas.blank:
                    self._raw[:] = command.raw  # what came before belongs to no slip
            case "1c26" | "1c2e":
                self._chinese = command.name == "1c26"
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
            case "1d61" if self.model.automatic_status:
                self._automatic = data[0]
                if data[0]:
                    await self._reply(self._automatic_status())
            case "1d72" if data[0] in (1, 49):
                await self._reply(bytes([0x03 * self._paper_low]))
            case "1d6732" if self.model.counters and data[1] + 256 * data[2] == CUTS_COUNTER:
                await self._reply(b"\x5f" + str(self._cuts).encode() + b"\x00")
            case "1d49" if self.model.ids is not None and 66 <= data[0] <= 68:
                await self._reply(b"\x5f" + self.model.ids[data[0] - 66].encode() + b"\x00")

    async def _function(self, data: bytes) -> None:
        kind, body = data[0], data[3:]
        if kind == 0x48 and body[:2] == b"\x30\x30" and self.model.process_id:
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
        if self._idle_head:
            return
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
        if self._idle_head:
            self._canvas = SlipCanvas()
            self._raw.clear()
            return
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
