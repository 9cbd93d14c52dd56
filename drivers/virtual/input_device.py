"""An input device as the kernel shows it: a stream of `struct input_event`, here over a PTY that can be pulled out.

Numbers as in linux/input-event-codes.h, not taken from our drivers. Times are made here, not measured: a keyboard's
own rhythm does not depend on how busy the machine is.
"""

from __future__ import annotations

import asyncio
import struct
import time
from contextlib import suppress
from pathlib import Path

from drivers.virtual.pty import CLEAN, Delivery, VirtualPty

EV_SYN, EV_KEY, EV_REL, EV_MSC = 0, 1, 2, 4
SYN_DROPPED, MSC_SCAN = 3, 4
LEFT_CTRL, LEFT_SHIFT, LEFT_ALT, ENTER = 29, 42, 56, 28

REPEAT_DELAY_S = 0.25  # the kernel's own auto-repeat
REPEAT_PERIOD_S = 0.033

_ROWS = (
    (2, "1234567890-=", "!@#$%^&*()_+"),
    (16, "qwertyuiop[]", "QWERTYUIOP{}"),
    (30, "asdfghjkl;'`", 'ASDFGHJKL:"~'),
)
_LAST_ROW = (43, "\\zxcvbnm,./", "|ZXCVBNM<>?")


def _us_layout() -> dict[str, tuple[int, bool]]:
    layout = {" ": (57, False)}
    for first, plain, shifted in (*_ROWS, _LAST_ROW):
        for place, (low, high) in enumerate(zip(plain, shifted, strict=True)):
            layout[low] = (first + place, False)
            layout[high] = (first + place, True)
    return layout


US_LAYOUT = _us_layout()  # character → key number, with shift or without


class VirtualInputDevice:
    """A keyboard, keypad or scanner on the USB bus."""

    def __init__(self, path: Path, *, speed: float = 1.0) -> None:
        self.pty = VirtualPty(path)
        self.delivery: Delivery = CLEAN
        self.silent = False
        self._speed = speed
        self._clock = time.monotonic()
        self._held: dict[int, asyncio.Task[None] | None] = {}

    def plug(self) -> None:
        self.pty.plug()

    async def unplug(self) -> None:
        """Out with the cable: what was held down is not even released."""
        for key in list(self._held):
            await self._end_repeat(key)
        self._held.clear()
        self.pty.unplug()

    @property
    def held(self) -> frozenset[int]:
        return frozenset(self._held)

    async def rest(self, seconds: float) -> None:
        """Let that much of the device's own time pass."""
        self._clock += seconds
        await asyncio.sleep(seconds / self._speed)

    async def report(self, *events: tuple[int, int, int]) -> None:
        """(type, code, value) each, and the SYN_REPORT that ends them."""
        self._clock = max(self._clock, time.monotonic())
        await self._send(*events, (EV_SYN, 0, 0))

    async def strokes(self, keys: list[tuple[int, int]], period_s: float = 0.01) -> None:
        """(key, value) after another, `period_s` of the device's time apart."""
        self._clock = max(self._clock, time.monotonic())
        for key, value in keys:
            await self._send((EV_MSC, MSC_SCAN, 0x70000 + key), (EV_KEY, key, value), (EV_SYN, 0, 0))
            self._clock += period_s

    async def press(self, key: int, *, repeats: bool = True) -> None:
        """Down and stay down. `repeats`: the kernel's auto-repeat goes on until `release`."""
        if key in self._held:
            return
        self._held[key] = None
        await self.strokes([(key, 1)], 0.0)
        if repeats:
            self._held[key] = asyncio.create_task(self._repeat(key))

    async def release(self, key: int) -> None:
        if key in self._held:
            await self._end_repeat(key)
            self._held.pop(key, None)
            await self.strokes([(key, 0)], 0.0)

    async def tap(self, key: int) -> None:
        """As a person presses a key, in the device's own time."""
        await self.strokes([(key, 1), (key, 0)], 0.08)

    async def lose_events(self) -> None:
        """The host was too slow: the kernel threw events away and says so."""
        await self.report((EV_SYN, SYN_DROPPED, 0))

    async def _repeat(self, key: int) -> None:
        await self.rest(REPEAT_DELAY_S)
        while True:
            await self._send((EV_KEY, key, 2), (EV_SYN, 0, 1))
            await self.rest(REPEAT_PERIOD_S)

    async def _end_repeat(self, key: int) -> None:
        if (task := self._held.get(key)) is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _send(self, *events: tuple[int, int, int]) -> None:
        if self.silent:
            return
        seconds, fraction = divmod(int(self._clock * 1_000_000), 1_000_000)
        records = (struct.pack("=qqHHi", seconds, fraction, *event) for event in events)
        await self.pty.send(b"".join(records), self.delivery)
