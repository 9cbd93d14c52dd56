"""A driver and a simulated terminal at the two ends of a wire."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from drivers.card_terminal.zvt_driver import ZvtCardTerminal, ZvtSettings
from drivers.card_terminal.zvt_link import ZvtTimings
from drivers.link.serial import SerialSettings
from drivers.link.supervise import Backoff
from drivers.link.tcp import TcpSettings
from drivers.virtual.zvt_terminal import VirtualZvtTerminal
from drivers.virtual.zvt_terminal_wire import SerialWire, TcpWire
from tests.drivers.link.waiting import until

# Answers come within milliseconds; only tests of silence wait for these, and a busy machine must not reach them.
TIMINGS = ZvtTimings(
    t2=2.0,
    t3=4.0,
    t4=8.0,
    whole_payment=60.0,
    after_cancel=4.0,
    registration=8.0,
    diagnosis=8.0,
    enquiry_interval=30.0,
    fresh=30.0,
    connect_grace=15.0,
    busy_pause=0.05,
    busy_grace=5.0,
    recovery=15.0,
)
BACKOFF = Backoff(0.02, 0.1)


@dataclass
class Bench:
    terminal: VirtualZvtTerminal
    driver: ZvtCardTerminal

    async def ready(self) -> None:
        """Connected, registered, idle, and asked for its newest transaction."""
        await until(lambda: self.driver.status.ready and self.driver._mark_asked and not self.driver._turn.locked())

    @property
    def tcp(self) -> TcpWire:
        assert isinstance(self.terminal.wire, TcpWire)
        return self.terminal.wire

    @property
    def serial(self) -> SerialWire:
        assert isinstance(self.terminal.wire, SerialWire)
        return self.terminal.wire


@asynccontextmanager
async def over_tcp(
    timings: ZvtTimings = TIMINGS, settings: dict[str, Any] | None = None, **terminal: Any
) -> AsyncIterator[Bench]:
    """`terminal`: arguments of the simulator."""
    wire = TcpWire()
    virtual = VirtualZvtTerminal(wire, **{"speed": 100.0, **terminal})
    await virtual.start()
    line = TcpSettings(wire.host, wire.port)
    async with _driven(virtual, ZvtSettings(line, timings=timings, backoff=BACKOFF, **(settings or {}))) as bench:
        yield bench


@asynccontextmanager
async def over_serial(path: Path, timings: ZvtTimings = TIMINGS, **terminal: Any) -> AsyncIterator[Bench]:
    virtual = VirtualZvtTerminal(SerialWire(path / "dev" / "card_terminal", ack_s=0.3), **{"speed": 100.0, **terminal})
    await virtual.start()
    line = SerialSettings(str(path / "dev" / "card_terminal"), baud=9600, stopbits=2)
    async with _driven(virtual, ZvtSettings(line, timings=timings, backoff=BACKOFF)) as bench:
        yield bench


@asynccontextmanager
async def _driven(virtual: VirtualZvtTerminal, settings: ZvtSettings) -> AsyncIterator[Bench]:
    bench = Bench(virtual, ZvtCardTerminal(settings))
    try:
        await bench.driver.open()
        await bench.ready()
        yield bench
    finally:
        await bench.driver.close()
        await virtual.stop()


def impatient(**seconds: float) -> ZvtTimings:
    """`TIMINGS` with some of them short: for tests of silence."""
    return replace(TIMINGS, **seconds)
