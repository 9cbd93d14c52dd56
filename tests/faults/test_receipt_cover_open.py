"""The receipt printer's cover is open. It reports this by itself; nobody has to ask.

Device: receipt_printer
Resident: 凭条打印机暂时不能用
Staff: clear
"""

from __future__ import annotations

from pathlib import Path

from kiosk.journeys import texts
from tests.drivers.link.waiting import until
from tests.faults.receipt_bench import serial_bench
from tests.faults.resident import sees, staff


async def test_noticed_without_asking(tmp_path: Path) -> None:
    async with serial_bench(tmp_path, watch_s=3600.0) as b:
        await until(lambda: b.device.state()["automatic_status"])
        await b.device.open_cover()
        await b.until_tile(texts.NO_RECEIPT_PRINTER)
        sees(__doc__, b.tile())
        staff(__doc__, b.printer.status)
        await b.device.repair()
        await b.until_tile(None)


async def test_nobody_pays_for_a_slip_that_cannot_come(tmp_path: Path) -> None:
    async with serial_bench(tmp_path) as b:
        await b.device.open_cover()
        told = await b.pays()
        assert told is not None
        assert told.question == texts.NO_RECEIPT_PRINTER
        assert not b.house.world.payments
