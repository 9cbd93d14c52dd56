"""The certificate jams, and the resident does not want to wait: it is cancelled at the printer and voided.

Device: document_printer
Resident: 这份证明已经作废，不会有人冒用。打印机修好后可以重新办理，不收费。
Staff: clear
"""

from __future__ import annotations

from pathlib import Path

from backend.contract.kiosk_api import CertificateState
from tests.faults.a4_bench import Trouble, bench
from tests.faults.resident import sees, staff


async def test_never_printed_after_the_repair(tmp_path: Path) -> None:
    async with bench(tmp_path, Message=["give-up", "ok"]) as b:
        await b.has_printed()
        b.engine.trouble = Trouble(("media-jam-error",))
        told = await b.prints()
        assert told is not None
        sees(__doc__, told.body)
        staff(__doc__, b.printer.status)
        assert b.certificate is CertificateState.VOIDED
        b.engine.mend()
        assert b.engine.out == 0
