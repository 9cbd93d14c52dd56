"""The receipt printer hangs: its line is there, and it answers nothing. Silence is never taken for OK.

Device: receipt_printer
Resident: 凭条打印机暂时不能用
Staff: reset
"""

from __future__ import annotations

from pathlib import Path

from drivers.status import SupplyState
from kiosk.journeys import texts
from tests.faults.receipt_bench import serial_bench
from tests.faults.resident import sees, staff


async def test_noticed_with_nobody_there(tmp_path: Path) -> None:
    async with serial_bench(tmp_path, reply_s=0.1) as b:
        await b.device.go_silent()
        await b.until_tile(texts.NO_RECEIPT_PRINTER)
        sees(__doc__, b.tile())
        staff(__doc__, b.printer.status)
        assert b.printer.status.supplies["paper"] is SupplyState.UNKNOWN
        await b.device.repair()
        await b.until_tile(None)
