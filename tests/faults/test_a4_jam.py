"""The certificate jams in the A4 printer; a clerk clears it, and printing goes on.

Device: document_printer
Resident: 打印机卡纸了，请呼叫工作人员，处理好会接着打；也可以不打了，这份证明会作废。
Staff: clear
"""

from __future__ import annotations

from pathlib import Path

from backend.contract.kiosk_api import CertificateState
from tests.faults.a4_bench import Trouble, bench
from tests.faults.resident import sees, staff
from tests.kiosk.journeys.fakes import Wait


async def test_cleared_and_printed_once(tmp_path: Path) -> None:
    async with bench(tmp_path, Message=Wait()) as b:
        b.engine.trouble = Trouble(("media-jam-error",))

        async def clerk() -> None:
            sees(__doc__, (await b.held()).body)
            staff(__doc__, b.printer.status)
            b.engine.mend()

        assert await b.prints(clerk) is None
        assert b.certificate is CertificateState.DELIVERED
        assert b.engine.out == 1
