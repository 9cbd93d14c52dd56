"""The A4 printer shows a certificate that is not the one the technician has installed.

Device: document_printer
Resident: A4 打印机暂时不能用
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

from tests.drivers.document_printer.test_stock_and_supplies import certificate
from tests.faults.a4_bench import bench
from tests.faults.resident import sees, staff


async def test_nothing_is_sent_to_a_stranger(tmp_path: Path) -> None:
    _, context = certificate(tmp_path, "stranger")
    async with bench(tmp_path, tls=context) as b:
        sees(__doc__, b.tile())
        staff(__doc__, b.printer.status)
        assert b.responder.requests == []
