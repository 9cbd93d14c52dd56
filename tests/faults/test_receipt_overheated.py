"""The print head gets too hot within a slip; it cools, and the slip goes on.

Device: receipt_printer
Resident: (nothing: the slip comes out some seconds later)
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from drivers.status import DeviceState
from kiosk.journeys import texts
from tests.drivers.link.waiting import until
from tests.faults.receipt_bench import SLOW, serial_bench
from tests.faults.resident import staff


async def test_waited_out(tmp_path: Path) -> None:
    async with serial_bench(tmp_path) as b:

        async def hot() -> None:
            await b.device.overheat(cools_after_s=0.3 * SLOW)
            await until(lambda: b.printer.status.device is DeviceState.BUSY)
            staff(__doc__, b.printer.status)
            assert b.tile() == texts.NO_RECEIPT_PRINTER, "nobody else starts meanwhile"

        assert await b.pays(hot) is None
        assert len(b.device.slips) == 1
        await b.until_tile(None)
