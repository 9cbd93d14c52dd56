"""The roll is nearly used up: a clerk is called before residents notice.

Device: receipt_printer
Resident: (nothing: the slip comes out)
Staff: clear
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from drivers.receipt_printer.profile import EPSON_80
from drivers.status import Action, SupplyState
from tests.drivers.link.waiting import until
from tests.faults.receipt_bench import serial_bench
from tests.faults.resident import staff


async def test_staff_is_told_and_the_service_goes_on(tmp_path: Path) -> None:
    async with serial_bench(tmp_path) as b:
        await b.device.set_paper("low")
        await until(lambda: b.printer.status.supplies["paper"] is SupplyState.LOW)
        staff(__doc__, b.printer.status)
        assert b.tile() is None
        assert await b.pays() is None
        assert len(b.device.slips) == 1


async def test_never_invented_where_there_is_no_sensor(tmp_path: Path) -> None:
    async with serial_bench(tmp_path, profile=replace(EPSON_80, near_end_sensor=False)) as b:
        await b.device.set_paper("low")
        assert (await b.printer.refresh()).action is Action.NONE
