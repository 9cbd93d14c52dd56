"""A virtual 80 mm receipt printer on a PTY or on TCP port 9100, speaking ESC/POS.

Written from the command tables, never with the driver's codec. Like the real thing it obeys real-time commands at once,
even within a job, and everything else in its own time: a printer without paper keeps what it has received and goes on
after the repair.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog

from drivers.virtual.escpos_parser import RealTimeScanner
from drivers.virtual.pty import CLEAN, Delivery, VirtualPty
from drivers.virtual.raw_port import VirtualRawPort
from drivers.virtual.slip_mechanics import DELAYS, NEAR_END_MM, ROLL_MM, Event, Model, SlipMechanics

__all__ = ["Event", "Model", "VirtualReceiptPrinter"]

log = structlog.get_logger()

XON, XOFF = b"\x11", b"\x13"
_STATUS_QUESTION = re.compile(rb"\x10\x04.", re.DOTALL)


class VirtualReceiptPrinter(SlipMechanics):
    """`line`: the path of a PTY, or a `VirtualRawPort`. `slips`: what has come out, oldest first.

    `on_event` hears {"event": "slip" (with "slip"), "paper", "cover-open", "cutter-jam", "repaired", …}.
    """

    def __init__(
        self,
        line: Path | VirtualRawPort,
        *,
        speed: float = 1.0,
        on_event: Callable[[Event], None] | None = None,
        model: Model | None = None,
    ) -> None:
        super().__init__(model or Model(), speed)
        self.line: VirtualPty | VirtualRawPort = VirtualPty(line) if isinstance(line, Path) else line
        self.delivery: Delivery = CLEAN  # how replies travel
        self.overrun = 0  # bytes of slips that came after XOFF
        self._held = False
        self._on_event = on_event
        self._tasks: list[asyncio.Task[None]] = []
        self._cooling: asyncio.TimerHandle | None = None

    @property
    def pty(self) -> VirtualPty:
        """The serial line; RuntimeError on a network printer."""
        if not isinstance(self.line, VirtualPty):
            raise RuntimeError("a network printer has no serial line")
        return self.line

    # --- hands ------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Plug in, switched on and loaded."""
        self.line.plug()
        self._on = True
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._work_off())]

    async def stop(self) -> None:
        """Pull the plug."""
        self._on = False
        self._stop_cooling()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        self.line.unplug()

    async def power(self, on: bool) -> None:
        """The switch; the serial adapter in the cabinet stays plugged, and reads the dying line's break as a 00.
        Switching off loses what was received."""
        if on and not self._on:
            await self._wait(DELAYS.power_on)
        if self._on and not on and isinstance(self.line, VirtualPty):
            await self.line.send(b"\x00", self.delivery)
        self._on = on
        self._held = False
        self._forget()
        self._automatic = 0
        await self._changed("on" if on else "off")

    async def power_cycle(self) -> None:
        """Off and on again: a loose plug."""
        await self.power(False)
        await self.power(True)

    async def lose_buffer(self) -> None:
        """The controller restarts by itself, too fast to be missed: what it had received is gone."""
        self._forget()
        self._automatic = 0
        await self._changed("buffer-lost")

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

    async def overheat(self, cools_after_s: float | None = None) -> None:
        """The head is too hot to print, until it has cooled by itself (in seconds, at speed 1), or until `repair`."""
        self._hot = True
        self._stop_cooling()
        if cools_after_s is not None:
            loop = asyncio.get_running_loop()
            self._cooling = loop.call_later(cools_after_s / self._speed, self._cooled)
        await self._changed("overheated")

    async def break_down(self) -> None:
        """An unrecoverable error."""
        self._broken = True
        await self._changed("broken")

    async def press_feed(self, pressed: bool = True) -> None:
        """Somebody holds the feed button: the printer is offline meanwhile."""
        self._feed_pressed = pressed
        await self._changed("feed-pressed" if pressed else "feed-released")

    async def go_silent(self) -> None:
        """Powered, but answers nothing and prints nothing: a hung controller."""
        self._silent = True
        await self._changed("silent")

    async def print_nothing(self) -> None:
        """Says OK to everything, and neither head nor cutter moves."""
        self._idle_head = True
        await self._changed("prints-nothing")

    async def hold(self) -> None:
        """XOFF: the receive buffer is full, until `release`."""
        self._held = True
        self._emit({"event": "xoff"})
        await self._reply(XOFF)

    async def release(self) -> None:
        self._held = False
        self._emit({"event": "xon"})
        await self._reply(XON)

    def slow_down(self, speed: float) -> None:
        """Mechanics so many times as fast as at speed 1, from now on."""
        self._speed = speed

    async def repair(self) -> None:
        """Close the cover, free the cutter, let the head cool, wake the controller. Paper is `set_paper`."""
        self._stop_cooling()
        self._cover = self._jam = self._jam_planned = self._hot = self._silent = self._broken = False
        self._feed_pressed = self._idle_head = False
        if self._held:
            await self.release()
        await self._changed("repaired")

    def state(self) -> dict[str, Any]:
        """For the cabinet's panel."""
        return {
            "on": self._on,
            "paper_mm": round(self._paper_mm),
            "paper": "out" if self._paper_out else "low" if self._paper_mm <= NEAR_END_MM else "full",
            "cover_open": self._cover,
            "cutter_jammed": self._jam,
            "cutter_jam_planned": self._jam_planned,
            "overheated": self._hot,
            "broken": self._broken,
            "silent": self._silent,
            "feed_pressed": self._feed_pressed,
            "prints_nothing": self._idle_head,
            "held": self._held,
            "automatic_status": bool(self._automatic),
            "cuts": self._cuts,
            "slips": len(self.slips),
            "waiting_bytes": len(self._buffer),
        }

    # --- the line ---------------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        while True:
            data = await self.line.read()
            if not self._on or self._silent:
                continue
            if self._held:
                self.overrun += len(_STATUS_QUESTION.sub(b"", data))
            self._buffer += data
            behind = self._scanner.behind_clear(data)
            for command in self._scanner.feed(data):
                await self._obey_at_once(command)
            self._buffer += behind
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
            await self.line.send(data, self.delivery)

    async def _changed(self, event: str) -> None:
        self._emit({"event": event, **self.state()})
        if self._automatic:
            await self._reply(self._automatic_status())
        self._work.set()

    def _emit(self, event: Event) -> None:
        if self._on_event is not None:
            self._on_event(event)

    def _cooled(self) -> None:
        self._cooling = None
        self._hot = False
        self._tasks.append(asyncio.get_running_loop().create_task(self._changed("cooled")))

    def _stop_cooling(self) -> None:
        if self._cooling is not None:
            self._cooling.cancel()
            self._cooling = None
