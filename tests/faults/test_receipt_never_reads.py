"""The receipt printer on the network takes the connection, and never a byte from it.

Device: receipt_printer
Resident: 凭条打印机暂时不能用
Staff: reset
"""

from __future__ import annotations

from pathlib import Path

from drivers.virtual.raw_port import VirtualRawPort
from kiosk.journeys import texts
from tests.faults.receipt_bench import bench
from tests.faults.resident import sees, staff


async def test_found_out_in_bounded_time_and_before_money_is_taken(tmp_path: Path) -> None:
    port = VirtualRawPort()
    async with bench(port, tmp_path / "journal.sqlite3", reply_s=0.1) as b:
        port.read_nothing()
        told = await b.pays()
        assert told is not None
        assert told.question == texts.NO_RECEIPT_PRINTER
        sees(__doc__, told.question)
        staff(__doc__, b.printer.status)
        assert not b.house.world.payments
        port.read_nothing(False)
        await b.until_tile(None)
