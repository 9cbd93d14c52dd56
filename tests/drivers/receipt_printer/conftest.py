from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from drivers.link.serial import SerialSettings
from drivers.link.supervise import Backoff
from drivers.receipt_printer.driver import EscPosReceiptPrinter
from drivers.receipt_printer.profile import EPSON_80, PrinterProfile
from drivers.receipt_printer.timing import Timing
from drivers.virtual.receipt_printer import VirtualReceiptPrinter

Driver = Callable[..., EscPosReceiptPrinter]
FAST = Timing(
    settle_s=0.6, poll_s=0.05, confirm_s=20.0, reply_s=0.5, connect_s=0.5, backoff=Backoff(first_s=0.01, most_s=0.02)
)


@pytest.fixture
async def device(tmp_path: Path) -> AsyncIterator[VirtualReceiptPrinter]:
    device = VirtualReceiptPrinter(tmp_path / "printer", speed=20)
    await device.start()
    yield device
    await device.stop()


@pytest.fixture
async def driver(device: VirtualReceiptPrinter) -> AsyncIterator[Driver]:
    made: list[EscPosReceiptPrinter] = []

    def make(profile: PrinterProfile = EPSON_80, timing: Timing = FAST, **more: Any) -> EscPosReceiptPrinter:
        printer = EscPosReceiptPrinter(
            SerialSettings(str(device.pty.path), baud=921600), profile, timing=timing, **more
        )
        made.append(printer)
        return printer

    yield make
    for printer in made:
        await printer.close()
