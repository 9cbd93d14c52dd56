"""Another program holds the receipt printer's line.

Device: receipt_printer
Resident: 凭条打印机暂时不能用
Staff: reset
"""

from __future__ import annotations

from pathlib import Path

from drivers.link.serial import SerialSettings, open_serial
from drivers.receipt_printer.driver import EscPosReceiptPrinter
from drivers.virtual.receipt_printer import VirtualReceiptPrinter
from kiosk.journeys import texts
from kiosk.journeys.context import Devices
from tests.drivers.link.waiting import until
from tests.faults.receipt_bench import TIMING
from tests.faults.resident import BILL, sees, staff, tile
from tests.kiosk.journeys.fakes import FakeReader


async def test_used_as_soon_as_it_is_free(tmp_path: Path) -> None:
    device = VirtualReceiptPrinter(tmp_path / "printer", speed=40)
    await device.start()
    settings = SerialSettings(str(device.pty.path))
    other = await open_serial(settings)
    printer = EscPosReceiptPrinter(settings, timing=TIMING)
    devices = Devices(FakeReader(), printer, None, None)  # type: ignore[arg-type]
    try:
        await printer.open()
        assert tile(BILL, devices) == texts.NO_RECEIPT_PRINTER
        sees(__doc__, tile(BILL, devices))
        staff(__doc__, printer.status)
        await other.close()
        await until(lambda: tile(BILL, devices) is None)
    finally:
        await other.close()
        await printer.close()
        await device.stop()
