"""The receipt printer's desk in the cabinet: every button, and what it undoes."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.receipt_printer.driver import EscPosReceiptPrinter
from drivers.receipt_printer.plugin import ESCPOS_SERIAL
from drivers.receipt_printer.port import ReceiptOutcome
from drivers.receipt_printer.trial import TEST_SLIP
from drivers.virtual.cabinet.desk import RefusedError
from drivers.virtual.cabinet.events import EventLog
from drivers.virtual.cabinet.receipt_desk import ACTIONS, ReceiptPrinterDesk
from tests.drivers.link.waiting import until


async def test_every_button_and_its_undoing(tmp_path: Path) -> None:
    desk = ReceiptPrinterDesk(tmp_path / "printer", 40, EventLog())
    await desk.start()
    table = {key: value for key, value in desk.table().items() if key != "driver"}
    printer = ESCPOS_SERIAL.make(ESCPOS_SERIAL.options.model_validate(table))
    assert isinstance(printer, EscPosReceiptPrinter)
    try:
        for action in ACTIONS:
            await desk.act(action.id)
            condition = action.on.removeprefix("receipt_printer.trouble=")
            if action.on and condition != action.on:
                assert desk.view().trouble == [condition]
            if action.id == "overheat-briefly":
                assert desk.view().trouble == ["overheat"]
                await until(lambda: not desk.view().trouble)
            if action.undo:
                await desk.act(action.undo)
        await desk.reset()
        assert (desk.view().trouble, desk.view().paper, desk.view().plugged) == ([], "full", True)
        with pytest.raises(RefusedError):
            await desk.act("explode")
        await printer.open()
        assert await printer.print_receipt(TEST_SLIP) is ReceiptOutcome.PRINTED
        assert desk.view().slips == 1
    finally:
        await printer.close()
        await desk.stop()
