"""The A4 printer's desk in the cabinet: every button, and what the driver makes of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from drivers.document_printer.driver import IppDocumentPrinter
from drivers.document_printer.following import Timing
from drivers.document_printer.plugin import IPP
from drivers.document_printer.port import JobState, PrintJob, SubmitFault, Tray
from drivers.document_printer.trial_page import build_test_page
from drivers.status import SupplyState
from drivers.virtual.cabinet.a4_desk import ACTIONS, DocumentPrinterDesk
from drivers.virtual.cabinet.desk import RefusedError
from drivers.virtual.cabinet.events import EventLog
from drivers.virtual.document_printer import missing_programs

pytestmark = pytest.mark.skipif(bool(missing_programs()), reason=f"not installed: {', '.join(missing_programs())}")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[DocumentPrinterDesk]:
    desk = DocumentPrinterDesk(tmp_path, 0, 12, EventLog())
    await desk.start()
    assert desk.started, desk.failure
    yield desk
    await desk.stop()


@pytest.fixture
async def printer(desk: DocumentPrinterDesk) -> AsyncIterator[IppDocumentPrinter]:
    table = {key: value for key, value in desk.table().items() if key != "driver"}
    made = IPP.make(IPP.options.model_validate(table))
    assert isinstance(made, IppDocumentPrinter)
    made._timing = Timing(poll_s=0.1, cancel_s=30.0)
    yield made
    await made.close()


async def test_every_button_and_its_undoing(desk: DocumentPrinterDesk) -> None:
    for action in ACTIONS:
        await desk.act(action.id)
        condition = action.on.removeprefix("document_printer.reasons=")
        if action.on and condition != action.on:
            assert condition in desk.view().reasons, action.id
        if action.undo:
            await desk.act(action.undo)
            assert condition not in desk.view().reasons, action.undo
    await desk.reset()
    assert (desk.view().reasons, desk.view().printer_state) == ([], "idle")
    with pytest.raises(RefusedError):
        await desk.act("explode")


async def test_what_the_driver_makes_of_it(desk: DocumentPrinterDesk, printer: IppDocumentPrinter) -> None:
    await desk.act("toner-low")
    status = await printer.refresh()
    assert (status.supplies["toner"], status.levels["toner"]) == (SupplyState.LOW, 7)
    await desk.act("special-out")
    assert (await printer.refresh()).levels["special"] == 0
    assert await printer.submit(b"%PDF", "licence-1", tray=Tray.SPECIAL) is SubmitFault.NO_MEDIA
    await desk.act("busy")
    assert await printer.submit(build_test_page("x"), "proof-1") is SubmitFault.BUSY
    with pytest.raises(RefusedError):
        await desk.act("busy")


async def test_sheet_of_a_printer_without_pdf_can_be_seen(
    desk: DocumentPrinterDesk, printer: IppDocumentPrinter
) -> None:
    await desk.act("no-pdf")
    job = await printer.submit(build_test_page("x"), "proof-1")
    assert isinstance(job, PrintJob)
    async with asyncio.timeout(60):
        assert [progress async for progress in printer.follow(job)][-1].state is JobState.COMPLETED
    [sheet] = desk.sheets()
    assert (await desk.document(sheet.id)).startswith(b"RaS2")
    assert (await desk.picture(sheet.id)).startswith(b"\x89PNG")
