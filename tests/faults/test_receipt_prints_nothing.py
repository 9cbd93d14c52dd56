"""The receipt printer says OK to everything, and nothing comes out: its own counter of cuts gives it away.

Device: receipt_printer
Resident: 凭条打不出来，钱已原路退回
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

from kiosk.journeys import texts
from tests.faults.receipt_bench import serial_bench
from tests.faults.resident import sees, staff


async def test_first_resident_gets_the_money_back_and_the_next_one_does_not_start(tmp_path: Path) -> None:
    async with serial_bench(tmp_path) as b:
        await b.device.print_nothing()
        told = await b.pays()
        assert told is not None
        sees(__doc__, told.question)
        staff(__doc__, b.printer.status)
        assert b.tile() == texts.NO_RECEIPT_PRINTER
