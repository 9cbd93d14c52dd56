"""The special paper for licences is used up: proofs on ordinary paper go on.

Device: document_printer
Resident: (nothing: a proof is printed; a licence is refused before it is issued on the wrong paper)
Staff: clear
"""

from __future__ import annotations

from pathlib import Path

from drivers.document_printer.driver import IppDocumentPrinter
from drivers.document_printer.port import SubmitFault, Tray
from drivers.document_printer.supplies import Stock
from drivers.virtual.ipp_paper_path import SimTray
from tests.faults.a4_bench import PAGE, TIMING, bench
from tests.faults.resident import staff


async def test_only_licences_stop(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        b.behaviour.trays = [SimTray("tray-1", 100), SimTray("tray-2", 0, 40, "stationery-letterhead")]
        b.behaviour.printer_reasons = ["media-empty-warning"]
        printer = IppDocumentPrinter(b.responder.uri, timing=TIMING, stock=Stock(special_source="tray-2"))
        b.house.document_printer = printer  # type: ignore[assignment]
        try:
            assert await printer.submit(PAGE, "licence-1", tray=Tray.SPECIAL) is SubmitFault.NO_MEDIA
            assert not b.responder.jobs
            staff(__doc__, printer.status)
            assert b.tile() is None
            assert await b.prints() is None
            assert b.behaviour.trays[0].level == 99
        finally:
            await printer.close()
