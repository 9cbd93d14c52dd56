"""A keypad on a test bench: the real driver and the simulated keypad."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from drivers.keypad.driver import EvdevKeypad, KeypadSettings
from drivers.keypad.port import KeyPress
from drivers.keypad.presses import KeyTimings
from drivers.link.supervise import Backoff
from drivers.virtual.keypad import VirtualKeypad
from tests.drivers.link.waiting import PATIENCE_S, until


@dataclass
class KeypadBench:
    device: VirtualKeypad
    keypad: EvdevKeypad

    async def key(self) -> KeyPress:
        async with asyncio.timeout(PATIENCE_S):
            return await self.keypad.next_key()


@asynccontextmanager
async def keypad_bench(folder: Path, **timings: float) -> AsyncIterator[KeypadBench]:
    device = VirtualKeypad(folder / "keypad", speed=20)
    await device.start()
    settings = KeypadSettings(str(device.input.pty.path), timings=KeyTimings(**timings), backoff=Backoff(0.02, 0.1))
    keypad = EvdevKeypad(settings)
    await keypad.open()
    await until(lambda: keypad.status.ready)
    try:
        yield KeypadBench(device, keypad)
    finally:
        await keypad.close()
        await device.stop()
