"""Over night a router has dropped the connection to the receipt printer, and nobody was told.

Device: receipt_printer
Resident: (nothing: the slip comes out)
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from drivers.virtual.raw_port import VirtualRawPort
from tests.faults.receipt_bench import bench
from tests.faults.resident import staff


async def test_opened_anew_before_the_slip(tmp_path: Path) -> None:
    port = VirtualRawPort()
    async with bench(port, tmp_path / "journal.sqlite3", watch_s=3600.0, reply_s=0.1, connect_s=5.0) as b:
        port.forget_client()
        assert await b.printer.cut_count() == 0
        assert await b.pays() is None
        staff(__doc__, b.printer.status)
        assert port.accepted == 2
        assert len(b.device.slips) == 1
