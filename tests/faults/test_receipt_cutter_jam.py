"""The cutter sticks at the end of the slip.

Device: receipt_printer
Resident: 凭条打不出来，钱已原路退回
Staff: clear
"""

from __future__ import annotations

from pathlib import Path

from drivers.status import DeviceState
from tests.faults.receipt_bench import serial_bench
from tests.faults.resident import sees, staff


async def test_slip_that_nobody_can_take_is_none(tmp_path: Path) -> None:
    async with serial_bench(tmp_path) as b:
        await b.device.jam_cutter()
        told = await b.pays()
        assert told is not None
        sees(__doc__, told.question)
        staff(__doc__, b.printer.status)
        assert b.printer.status.device is DeviceState.HARDWARE_ERROR
        assert b.device.slips == []
        await b.device.repair()
        assert await b.pays() is None
