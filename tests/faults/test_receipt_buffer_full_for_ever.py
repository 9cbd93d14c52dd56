"""The receipt printer says that its buffer is full (XOFF) in the middle of a slip, and never takes another byte.

Device: receipt_printer
Resident: 凭条打不出来，钱已原路退回
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from tests.faults.receipt_bench import serial_bench
from tests.faults.resident import sees, staff


async def test_bounded_wait_and_nothing_sent_into_a_full_buffer(tmp_path: Path) -> None:
    async with serial_bench(tmp_path, software_flow=True) as b:
        told = await b.pays(b.device.hold)
        assert told is not None
        sees(__doc__, told.question)
        staff(__doc__, b.printer.status)
        assert b.device.overrun <= 600, "what was on its way"
        assert b.device.slips == []
