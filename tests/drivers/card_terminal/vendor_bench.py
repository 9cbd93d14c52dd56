"""A driver and a bridge program."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from drivers.card_terminal.vendor_channel import VendorTimings
from drivers.card_terminal.vendor_driver import VendorCardTerminal, VendorSettings
from drivers.link.supervise import Backoff
from tests.drivers.link.waiting import until

BRIDGE = Path(__file__).with_name("bridge.py")
TIMINGS = VendorTimings(
    start=20.0,
    status=10.0,
    status_interval=30.0,
    payment=10.0,
    whole_payment=30.0,
    after_cancel=5.0,
    last=10.0,
    exit=3.0,
    connect_grace=20.0,
)


@dataclass
class VendorBench:
    driver: VendorCardTerminal
    memory: Path

    async def ready(self) -> None:
        await until(lambda: self.driver.status.ready and self.driver._mark_asked and not self.driver._turn.locked())

    @property
    def transactions(self) -> list[dict[str, Any]]:
        """What the vendor's terminal remembers."""
        return json.loads(self.memory.read_text()) if self.memory.exists() else []

    @property
    def pid(self) -> int:
        assert self.driver._channel is not None
        return self.driver._channel._stream.pid


@asynccontextmanager
async def bridge(folder: Path, *faults: str, ready: bool = True, **timings: float) -> AsyncIterator[VendorBench]:
    """`faults` as bridge.py takes them; "NAME@" means once."""
    memory = folder / "memory.json"
    named = [f"{fault}{folder / fault.rstrip('@')}" if fault.endswith("@") else fault for fault in faults]
    command = (sys.executable, "-S", "-E", str(BRIDGE), str(memory), *named)
    settings = VendorSettings(command, replace(TIMINGS, **timings), Backoff(0.02, 0.2))
    bench = VendorBench(VendorCardTerminal(settings), memory)
    await bench.driver.open()
    try:
        if ready:
            await bench.ready()
        yield bench
    finally:
        await bench.driver.close()
