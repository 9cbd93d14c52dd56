"""The A4 printer takes the whole document and then answers that it failed inside.

Device: document_printer
Resident: 如果纸已经出来，证明有效，请取走；如果没有，请拨打 12345，报下面的编号。
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from backend.contract.kiosk_api import CertificateState
from tests.faults.a4_bench import bench
from tests.faults.resident import sees, staff


async def test_not_called_refused(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        b.behaviour.print_status = 0x0500
        told = await b.prints()
        assert told is not None
        sees(__doc__, told.body)
        staff(__doc__, b.printer.status)
        assert b.certificate is CertificateState.DELIVERY_UNKNOWN
