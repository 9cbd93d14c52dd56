"""The second page jams: one sheet is out already, and goes with the rest.

Device: document_printer
Resident: 打印机卡纸了，请呼叫工作人员，处理好会接着打；也可以不打了，这份证明会作废。
Staff: clear
"""

from __future__ import annotations

from pathlib import Path

from backend.contract.kiosk_api import CertificateState
from kiosk.screens import Printing
from tests.faults.a4_bench import Trouble, bench, two_pages
from tests.faults.resident import sees, staff
from tests.kiosk.journeys.fakes import Wait


async def test_held_with_one_sheet_out_then_both(tmp_path: Path) -> None:
    async with bench(tmp_path, pdf=two_pages(), Message=Wait()) as b:
        b.engine.trouble = Trouble(("media-jam-error",), sheet=2)

        async def clerk() -> None:
            sees(__doc__, (await b.held()).body)
            staff(__doc__, b.printer.status)
            assert b.engine.out == 1
            b.engine.mend()

        assert await b.prints(clerk) is None
        assert b.engine.out == 2
        assert b.certificate is CertificateState.DELIVERED
        assert any(isinstance(screen, Printing) and screen.sheets == 2 for screen in b.house.stage.seen)


async def test_given_up_with_one_sheet_out(tmp_path: Path) -> None:
    """A sheet that is out cannot be called back."""
    async with bench(tmp_path, pdf=two_pages(), Message=["give-up", "ok"]) as b:
        b.engine.trouble = Trouble(("media-jam-error",), sheet=2)
        assert await b.prints() is not None
        assert b.engine.out == 1
        assert b.certificate is CertificateState.DELIVERY_UNKNOWN
