"""A real driver on the simulated receipt printer, and a resident who pays a water bill."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from content.schema.text import Text
from drivers.link.serial import SerialSettings
from drivers.link.supervise import Backoff
from drivers.link.tcp import TcpSettings
from drivers.receipt_printer.driver import EscPosReceiptPrinter
from drivers.receipt_printer.profile import EPSON_80, PrinterProfile
from drivers.receipt_printer.timing import Timing
from drivers.virtual.raw_port import VirtualRawPort
from drivers.virtual.receipt_printer import Model, VirtualReceiptPrinter
from kiosk.journeys.context import JourneyOver
from kiosk.screens import Message
from tests.drivers.link.waiting import PATIENCE_S, until
from tests.faults.resident import BILL, tile
from tests.kiosk.journeys.fakes import World
from tests.kiosk.journeys.house import House

TIMING = Timing(
    reply_s=0.3,
    settle_s=0.4,
    confirm_s=PATIENCE_S,
    returned_s=0.1,
    poll_s=0.02,
    counter_s=0.5,
    write_s=0.5,
    held_s=0.3,
    connect_s=0.4,
    watch_s=0.1,
    backoff=Backoff(first_s=0.01, most_s=0.05),
)
SPEED = 40.0
SLOW = 1.0  # a slip takes seconds: there is time to do something to the printer


@dataclass
class Bench:
    device: VirtualReceiptPrinter
    printer: EscPosReceiptPrinter
    house: House

    def tile(self) -> Text | None:
        """What stands on the tile of a service with a slip."""
        return tile(BILL, self.house.terminal.devices)

    async def until_tile(self, text: Text | None) -> None:
        await until(lambda: self.tile() == text)

    async def pays(self, meanwhile: Callable[[], Awaitable[object]] | None = None) -> Message | None:
        """A resident pays; `meanwhile` happens within the slip. The last message shown, None when all went well."""
        if meanwhile is not None:
            self.device.slow_down(SLOW)
        paying = asyncio.create_task(self.house.water())
        if meanwhile is not None:
            await until(lambda: self.device.state()["waiting_bytes"] > 100)
            await meanwhile()
            self.device.slow_down(SPEED)
        try:
            async with asyncio.timeout(PATIENCE_S):
                await paying
        except JourneyOver:
            messages = [screen for screen in self.house.stage.seen if isinstance(screen, Message)]
            return messages[-1]
        return None


@asynccontextmanager
async def bench(
    line: Path | VirtualRawPort,
    journal: Path,
    *,
    profile: PrinterProfile = EPSON_80,
    model: Model | None = None,
    plugged: bool = True,
    ready: bool = True,
    software_flow: bool = False,
    **timing: Any,
) -> AsyncIterator[Bench]:
    """`ready`: wait until the printer can be used. `timing`: fields of `Timing`."""
    device = VirtualReceiptPrinter(line, speed=SPEED, model=model)
    await device.start()
    if isinstance(line, Path):
        settings: SerialSettings | TcpSettings = SerialSettings(str(line), baud=921600)
    else:
        settings = TcpSettings("127.0.0.1", line.port)
    if not plugged:
        device.line.unplug()
    printer = EscPosReceiptPrinter(settings, profile, timing=replace(TIMING, **timing), software_flow=software_flow)
    async with House(journal, World()) as house:
        house.receipt_printer = printer  # type: ignore[assignment]
        try:
            await printer.open()
            found = Bench(device, printer, house)
            if ready:
                await until(lambda: printer.status.ready)
            yield found
        finally:
            await printer.close()
            await device.stop()


@asynccontextmanager
async def serial_bench(tmp_path: Path, **more: Any) -> AsyncIterator[Bench]:
    async with bench(tmp_path / "printer", tmp_path / "journal.sqlite3", **more) as found:
        yield found
