"""The receipt printer reports an unrecoverable error.

Device: receipt_printer
Resident: 凭条打印机暂时不能用
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

from kiosk.journeys import texts
from tests.faults.receipt_bench import serial_bench
from tests.faults.resident import sees, staff


async def test_a_technician_is_called(tmp_path: Path) -> None:
    async with serial_bench(tmp_path) as b:
        await b.device.break_down()
        await b.until_tile(texts.NO_RECEIPT_PRINTER)
        sees(__doc__, b.tile())
        staff(__doc__, b.printer.status)
