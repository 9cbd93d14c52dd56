"""The A4 printer answers that it must be spoken to over TLS (HTTP 426), or is out of breath (503).

Device: document_printer
Resident: A4 打印机暂时不能用
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

from drivers.status import Action
from tests.faults.a4_bench import bench
from tests.faults.resident import sees, staff


async def test_a_technician_has_to_set_it_up(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        b.behaviour.http_status = 426
        sees(__doc__, await b.look())
        staff(__doc__, b.printer.status)
        b.behaviour.http_status = 503
        sees(__doc__, await b.look())
        assert b.printer.status.action is Action.RESET
        b.behaviour.http_status = 200
        assert await b.look() is None
