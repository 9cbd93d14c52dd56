"""The roll ends in the middle of a slip: half a slip is none.

Device: receipt_printer
Resident: 凭条打不出来，钱已原路退回
Staff: clear
"""

from __future__ import annotations

from pathlib import Path

from kiosk.journeys import texts
from tests.faults.receipt_bench import serial_bench
from tests.faults.resident import sees, staff


async def test_money_goes_back_and_the_rest_is_never_printed(tmp_path: Path) -> None:
    async with serial_bench(tmp_path) as b:
        await b.device.set_paper(12.0)
        told = await b.pays()
        assert told is not None
        assert told.question == texts.REFUNDED
        sees(__doc__, told.question)
        staff(__doc__, b.printer.status)
        await b.device.set_paper("full")
        assert await b.pays() is None
        assert [slip.text.count("缴费凭条") for slip in b.device.slips] == [1], "only the second payment's slip"
