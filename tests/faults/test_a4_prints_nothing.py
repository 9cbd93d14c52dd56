"""The A4 printer calls the job completed, and no sheet comes out: its own counter stands still.

Device: document_printer
Resident: 如果纸已经出来，证明有效，请取走；如果没有，请拨打 12345，报下面的编号。
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

from backend.contract.kiosk_api import CertificateState
from kiosk.journeys import texts
from tests.faults.a4_bench import bench
from tests.faults.resident import sees, staff


async def test_not_called_printed(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        b.behaviour.impressions, b.engine.dead = 100, True
        told = await b.prints()
        assert told is not None
        sees(__doc__, told.body)
        staff(__doc__, b.printer.status)
        assert b.certificate is CertificateState.DELIVERY_UNKNOWN
        assert b.engine.out == 0
        assert await b.look() == texts.NO_DOCUMENT_PRINTER, "nobody else is let down"
