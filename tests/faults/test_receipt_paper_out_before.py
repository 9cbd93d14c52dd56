"""The receipt printer's roll is used up before anybody starts.

Device: receipt_printer
Resident: 凭条打印机没有纸了，请拨打 12345 告知
Staff: clear
"""

from __future__ import annotations

from pathlib import Path

from kiosk.journeys import texts
from tests.faults.receipt_bench import serial_bench
from tests.faults.resident import sees, staff


async def test_said_before_the_start_and_gone_with_a_new_roll(tmp_path: Path) -> None:
    async with serial_bench(tmp_path) as b:
        await b.device.set_paper("out")
        await b.until_tile(texts.RECEIPT_PAPER_OUT)
        sees(__doc__, b.tile())
        staff(__doc__, b.printer.status)
        await b.device.set_paper("full")
        await b.until_tile(None)
