"""The toner is nearly used up.

Device: document_printer
Resident: (nothing: the certificate is printed)
Staff: clear
"""

from __future__ import annotations

from pathlib import Path

from tests.faults.a4_bench import bench
from tests.faults.resident import staff


async def test_a_clerk_is_told_how_much_is_left(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        b.behaviour.printer_reasons, b.behaviour.markers = ["toner-low-warning"], {"Black": 7}
        assert await b.look() is None
        staff(__doc__, b.printer.status)
        assert b.printer.status.levels["toner"] == 7
        assert await b.prints() is None
