"""The A4 printer ends the job as completed, with errors: what came out cannot be trusted.

Device: document_printer
Resident: 如果纸已经出来，证明有效，请取走；如果没有，请拨打 12345，报下面的编号。
Staff: none
"""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.contract.kiosk_api import CertificateState
from tests.faults.a4_bench import bench, two_pages
from tests.faults.resident import sees, staff


@pytest.mark.parametrize("counts", [True, False])
async def test_neither_called_printed_nor_voided(tmp_path: Path, counts: bool) -> None:
    async with bench(tmp_path, pdf=two_pages()) as b:
        b.behaviour.counts_sheets = counts
        b.engine.ends_with_errors = True
        told = await b.prints()
        assert told is not None
        assert b.engine.out == 2
        sees(__doc__, told.body)
        staff(__doc__, b.printer.status)
        assert b.certificate is CertificateState.DELIVERY_UNKNOWN
