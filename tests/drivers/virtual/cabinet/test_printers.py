"""The printers' hands, with the real drivers at the other end of the wire."""

from __future__ import annotations

import io
import re

import httpx
import pytest
from PIL import Image

from drivers.document_printer.driver import IppDocumentPrinter
from drivers.document_printer.port import JobState, PrintJob
from drivers.link.serial import SerialSettings
from drivers.receipt_printer.driver import EscPosReceiptPrinter
from drivers.receipt_printer.port import Heading, Pair, Receipt, ReceiptOutcome
from drivers.status import SupplyState
from drivers.virtual.cabinet.client import CabinetClient, CabinetRefusedError
from drivers.virtual.document_printer import missing_programs

from .conftest import Running

needs_ipp = pytest.mark.skipif(bool(missing_programs()), reason=f"not installed: {missing_programs()}")

SLIP = Receipt((Heading("缴费凭条"), Pair("金额", "43.40 元")))


def pdf(text: str) -> bytes:
    """A one-page A4 document, written by hand."""
    stream = f"BT /F1 32 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(out)
    return out + b"xref\n0 6\n0000000000 65535 f \n%strailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        table,
        start,
    )


def ink(png: bytes) -> int:
    image = Image.open(io.BytesIO(png)).convert("L")
    return sum(image.histogram()[:128])


@needs_ipp
async def test_sheet_comes_out_can_be_seen_and_taken(running: Running, hands: CabinetClient) -> None:
    driver = IppDocumentPrinter(hands.state()["document_printer"]["uri"])
    await driver.open()
    try:
        job = await driver.submit(pdf("Sheet one"), "cabinet-test-1")
        assert isinstance(job, PrintJob)
        async for progress in driver.follow(job):
            last = progress
        assert last.state is JobState.COMPLETED
    finally:
        await driver.close()
    sheet = hands.wait_for(lambda state: [s for s in state["document_printer"]["sheets"] if s["state"] == "printed"])
    sheet_id = sheet["document_printer"]["sheets"][-1]["id"]
    assert hands.sheet_pdf(sheet_id) == pdf("Sheet one")
    picture = hands.sheet_png(sheet_id)
    width, height = Image.open(io.BytesIO(picture)).size
    assert 1.40 < height / width < 1.43
    assert ink(picture) > 100
    hands.take_sheet(sheet_id)
    assert sheet_id not in [s["id"] for s in hands.sheets()]
    for missing in (sheet_id, "99", "..%2f..%2fplan.json"):
        with pytest.raises(CabinetRefusedError, match="404"):
            hands.sheet_pdf(missing)


@needs_ipp
async def test_jammed_job_waits_and_is_given_up(running: Running, hands: CabinetClient) -> None:
    driver = IppDocumentPrinter(hands.state()["document_printer"]["uri"])
    await driver.open()
    try:
        hands.a4("jam")
        job = await driver.submit(pdf("Jam"), "cabinet-test-2")
        assert isinstance(job, PrintJob)
        hands.wait_for(lambda state: state["document_printer"]["printer_state"] == "media-jam")
        sheet = hands.sheets()[-1]
        assert sheet["state"] == "printing"
        with pytest.raises(CabinetRefusedError, match="409"):
            hands.take_sheet(sheet["id"])
        hands.a4("abort")
        async for progress in driver.follow(job):
            last = progress
        assert last.state is JobState.ABORTED
    finally:
        await driver.close()
    hands.wait_for(lambda state: state["document_printer"]["printer_state"] == "idle")
    assert hands.sheets()[-1]["state"] == "aborted"


@needs_ipp
def test_supplies_and_power_of_the_a4_printer(hands: CabinetClient) -> None:
    hands.a4("paper-out")
    hands.a4("toner-out")
    seen = hands.state()["document_printer"]
    assert seen["reasons"] == ["media-empty", "toner-empty"]
    hands.a4("refill")
    hands.a4("toner-new")
    assert hands.state()["document_printer"]["reasons"] == []
    hands.a4("off")
    seen = hands.state()["document_printer"]
    assert (seen["plugged"], seen["printer_state"]) == (False, "off")
    hands.a4("on")
    assert hands.state()["document_printer"]["printer_state"] == "idle"
    with pytest.raises(CabinetRefusedError, match="404"):
        hands.a4("explode")


async def test_slip_comes_out_and_can_be_read(running: Running, hands: CabinetClient) -> None:
    driver = EscPosReceiptPrinter(SerialSettings(str(running.dir / "dev" / "receipt_printer")))
    await driver.open()
    try:
        before = hands.state()["receipt_printer"]["slips"]
        assert await driver.print_receipt(SLIP) is ReceiptOutcome.PRINTED
        hands.wait_for(lambda state: state["receipt_printer"]["slips"] == before + 1)
        hands.receipt("paper-out")
        assert hands.state()["receipt_printer"]["paper"] == "out"
        assert (await driver.refresh()).supplies["paper"] is SupplyState.OUT
        assert await driver.print_receipt(SLIP) is ReceiptOutcome.PAPER_OUT
        hands.receipt("refill")
        assert (await driver.refresh()).supplies["paper"] is SupplyState.FULL
    finally:
        await driver.close()
    assert "缴费凭条" in hands.slip_text()
    assert ink(hands.slip_png()) > 200
    assert "缴费凭条".encode("gb18030") in hands.slip_bytes() or len(hands.slip_bytes()) > 100


@pytest.mark.parametrize("action", ["cover-open", "cutter-jam", "overheat", "silent", "off"])
def test_receipt_faults_show_and_are_mended(hands: CabinetClient, action: str) -> None:
    named = {a["id"]: a for a in hands.state()["receipt_actions"]}[action]
    hands.receipt(action)
    assert hands.state()["receipt_printer"]["trouble"] == [action]
    hands.receipt(named["undo"])
    assert hands.state()["receipt_printer"]["trouble"] == []


def test_every_button_of_the_printers_works(hands: CabinetClient) -> None:
    state = hands.state()
    for action in state["receipt_actions"]:
        hands.receipt(action["id"])
        if action["undo"]:
            hands.receipt(action["undo"])
        assert re.fullmatch(r"[a-z0-9-]+", action["id"])
        assert action["label_zh"]
        assert action["label_en"]
    with pytest.raises(CabinetRefusedError, match="404"):
        hands.receipt("explode")


def test_no_slip_is_said(running: Running) -> None:
    reply = httpx.get(f"{running.url}/api/a4/sheets/1234/page.png", trust_env=False)
    assert reply.status_code == 404
