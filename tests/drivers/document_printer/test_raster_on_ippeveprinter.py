"""PWG Raster and special stock on CUPS' own ippeveprinter."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from drivers.document_printer.driver import IppDocumentPrinter
from drivers.document_printer.following import Timing
from drivers.document_printer.port import JobState, PrintJob, SubmitFault, Tray
from drivers.document_printer.supplies import Stock
from drivers.document_printer.trial_page import build_test_page
from drivers.status import Action
from drivers.virtual.document_printer import SPECIAL_SIZE, SPECIAL_SOURCE, VirtualDocumentPrinter, missing_programs
from drivers.virtual.pwg_reader import read_page

pytestmark = pytest.mark.skipif(bool(missing_programs()), reason=f"not installed: {', '.join(missing_programs())}")
TIMING = Timing(poll_s=0.1, cancel_s=30.0)


async def printed(printer: IppDocumentPrinter, name: str, tray: Tray = Tray.PLAIN) -> JobState:
    job = await printer.submit(build_test_page("ippeveprinter"), name, tray=tray)
    assert isinstance(job, PrintJob), job
    async with asyncio.timeout(60):
        looks = [progress async for progress in printer.follow(job)]
    assert looks[-1].sheets_done == 1
    return looks[-1].state


async def test_printer_that_takes_only_pictures(tmp_path: Path) -> None:
    hands = VirtualDocumentPrinter(tmp_path, speed=12, formats=("image/pwg-raster", "image/urf"))
    await hands.start()
    printer = IppDocumentPrinter(hands.uri, timing=TIMING)
    try:
        await printer.open()
        assert printer.status.levels == {"toner": 75, "paper": 100}
        assert printer.status.identity.startswith("Example Printer urn:uuid:")
        assert await printed(printer, "proof-1") is JobState.COMPLETED
        [document] = [path for path in hands.spool_files() if path.suffix == ".pwg"]
        page = await asyncio.to_thread(read_page, document.read_bytes())
        assert (page.size, page.mode) == ((2480, 3508), "L")
        assert (np.asarray(page) < 128).mean() > 0.005
    finally:
        await printer.close()
        await hands.stop()


async def test_special_stock_in_the_by_pass_tray(tmp_path: Path) -> None:
    hands = VirtualDocumentPrinter(tmp_path, speed=12)
    await hands.start()
    printer = IppDocumentPrinter(hands.uri, timing=TIMING, stock=Stock(special_source=SPECIAL_SOURCE))
    try:
        await printer.open()
        assert printer.status.levels == {"toner": 75, "paper": 100, "special": 100}
        assert await printed(printer, "licence-1", Tray.SPECIAL) is JobState.COMPLETED
        assert hands.state()["special_sheets"] == SPECIAL_SIZE - 1
        await hands.special_out()
        status = await printer.refresh()
        assert (status.ready, status.action, status.levels["special"]) == (True, Action.CLEAR, 0)
        assert await printer.submit(b"%PDF", "licence-2", tray=Tray.SPECIAL) is SubmitFault.NO_MEDIA
        before = hands.state()["sheets_in_tray"]
        assert await printed(printer, "proof-1") is JobState.COMPLETED
        assert hands.state()["sheets_in_tray"] == before - 1
        await hands.print_for_another(pages=3)
        assert await printer.submit(build_test_page("x"), "proof-2") is SubmitFault.BUSY
        assert await printer.find_job("proof-2") is None
    finally:
        await printer.close()
        await hands.stop()
