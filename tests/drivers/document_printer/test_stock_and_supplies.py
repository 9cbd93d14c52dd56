"""Trays, special stock, toner, counters and formats as printers tell them."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import ValidationError

from drivers.document_printer.client import IppClient
from drivers.document_printer.driver import IppDocumentPrinter
from drivers.document_printer.following import NO_SHEET, Timing
from drivers.document_printer.plugin import IPP
from drivers.document_printer.port import JobProgress, JobState, PrintJob, SubmitFault, Tray
from drivers.document_printer.supplies import Stock
from drivers.document_printer.trial_page import build_test_page
from drivers.link.trace import Traced, watch
from drivers.status import Action, DeviceState, SupplyState
from drivers.virtual.ipp_paper_path import Engine, SimTray
from drivers.virtual.ipp_responder import GET_PRINTER, PRINT_JOB, IppResponder
from drivers.virtual.pwg_reader import read_page

PAGE = build_test_page("Page")
FAST = Timing(poll_s=0.02, silence_s=0.5, settle_s=0.2, cancel_s=2.0)
STOCK = Stock(special_source="tray-2")


@pytest.fixture
async def responder() -> AsyncIterator[IppResponder]:
    responder = IppResponder(Engine())
    responder.behaviour.trays = [SimTray("tray-1", 100), SimTray("tray-2", 20, 40, "stationery-letterhead")]
    await responder.start()
    yield responder
    await responder.stop()


@pytest.fixture
async def printer(responder: IppResponder) -> AsyncIterator[IppDocumentPrinter]:
    printer = IppDocumentPrinter(responder.uri, timing=FAST, stock=STOCK)
    await printer.open()
    yield printer
    await printer.close()


async def printed(printer: IppDocumentPrinter, name: str, tray: Tray = Tray.PLAIN) -> JobProgress:
    job = await printer.submit(PAGE, name, tray=tray)
    assert isinstance(job, PrintJob), job
    looks = [progress async for progress in printer.follow(job)]
    return looks[-1]


# --- trays ----------------------------------------------------------------------------------------------------------


async def test_levels_of_both_trays(printer: IppDocumentPrinter) -> None:
    assert printer.status.levels == {"paper": 40, "special": 50}
    assert printer.status.ready


async def test_special_stock_comes_from_its_tray_and_is_counted(
    responder: IppResponder, printer: IppDocumentPrinter
) -> None:
    trays = {tray.name: tray for tray in responder.behaviour.trays}
    assert (await printed(printer, "licence-1", Tray.SPECIAL)).state is JobState.COMPLETED
    assert (trays["tray-1"].level, trays["tray-2"].level) == (100, 19)
    assert responder.jobs[1].source == "tray-2"
    assert (await printed(printer, "proof-1")).state is JobState.COMPLETED
    assert (trays["tray-1"].level, trays["tray-2"].level) == (99, 19)
    assert printer.status.counters == {"jobs": 2, "sheets": 2, "special_sheets": 1}


async def test_empty_special_tray_refuses_licences_and_nothing_else(
    responder: IppResponder, printer: IppDocumentPrinter
) -> None:
    responder.behaviour.trays[1].level = 0
    responder.behaviour.printer_reasons = ["media-empty-warning"]  # as printers do whichever tray it is
    status = await printer.refresh()
    assert status.ready
    assert (status.action, status.levels["special"]) == (Action.CLEAR, 0)
    assert await printer.submit(PAGE, "licence-1", tray=Tray.SPECIAL) is SubmitFault.NO_MEDIA
    assert PRINT_JOB not in responder.requests
    responder.behaviour.printer_reasons = ["none"]
    assert (await printed(printer, "proof-1")).state is JobState.COMPLETED


async def test_empty_plain_tray_is_paper_out(responder: IppResponder, printer: IppDocumentPrinter) -> None:
    responder.behaviour.trays[0].level = 0
    responder.behaviour.printer_reasons = ["media-empty-error"]
    assert (await printer.refresh()).supplies["paper"] is SupplyState.OUT


async def test_printer_without_such_a_tray_prints_no_licence(responder: IppResponder) -> None:
    for stock in (Stock(), Stock(special_source="tray-9"), Stock(special_type="security")):
        printer = IppDocumentPrinter(responder.uri, stock=stock)
        assert await printer.submit(PAGE, "licence-1", tray=Tray.SPECIAL) is SubmitFault.NO_MEDIA
        await printer.close()


async def test_ordinary_pages_never_take_special_stock(responder: IppResponder, printer: IppDocumentPrinter) -> None:
    """Left to itself, a printer may switch to any tray with A4 in it."""
    await printed(printer, "proof-1")
    assert responder.jobs[1].source == "tray-1"
    other = IppDocumentPrinter(responder.uri, timing=FAST)
    await printed(other, "proof-2")
    assert responder.jobs[2].source == "", "nothing to be named where there is no special stock"
    await other.close()


async def test_stock_known_by_its_kind_of_paper(responder: IppResponder) -> None:
    printer = IppDocumentPrinter(responder.uri, timing=FAST, stock=Stock(special_type="stationery-letterhead"))
    assert (await printed(printer, "licence-1", Tray.SPECIAL)).state is JobState.COMPLETED
    assert responder.behaviour.trays[1].level == 19
    await printer.close()


async def test_printer_itself_refuses_another_paper(responder: IppResponder) -> None:
    """It does not tell what lies in its trays, so it is asked; and it must not make do with plain paper."""
    responder.behaviour.trays = [SimTray("tray-1", -2), SimTray("tray-2", -2, media_type="stationery")]
    responder.behaviour.tells_ready = False
    printer = IppDocumentPrinter(responder.uri, stock=Stock(special_source="tray-2", special_type="security"))
    assert await printer.submit(PAGE, "licence-1", tray=Tray.SPECIAL) is SubmitFault.NO_MEDIA
    assert PRINT_JOB in responder.requests
    assert not responder.jobs
    await printer.close()


# --- toner, counters, identity --------------------------------------------------------------------------------------


async def test_toner_by_printer_supply(responder: IppResponder, printer: IppDocumentPrinter) -> None:
    responder.behaviour.supplies = [
        "index=1;class=receptacleThatIsFilled;type=wasteToner;unit=percent;maxcapacity=100;level=25;colorantname=unknown;",
        "index=2;class=supplyThatIsConsumed;type=toner;unit=percent;maxcapacity=100;level=75;colorantname=black;",
        "index=3;class=supplyThatIsConsumed;type=toner;unit=sheets;maxcapacity=2000;level=200;colorantname=red;",
        "index=4;class=supplyThatIsConsumed;type=toner;unit=percent;maxcapacity=-2;level=-2;colorantname=blue;",
        "nonsense",
    ]
    levels = (await printer.refresh()).levels
    assert levels == {"toner": 10, "toner-black": 75, "toner-red": 10, "paper": 40, "special": 50}


async def test_toner_by_markers(responder: IppResponder, printer: IppDocumentPrinter) -> None:
    responder.behaviour.markers = {"Black Cartridge": 40}
    assert (await printer.refresh()).levels["toner"] == 40
    responder.behaviour.markers = {"Black": -2}
    assert "toner" not in (await printer.refresh()).levels


async def test_identity_and_impressions(responder: IppResponder, printer: IppDocumentPrinter) -> None:
    assert printer.status.identity == "Menkou Virtual A4 urn:uuid:00000000-0000-4000-8000-000000519999"
    responder.behaviour.impressions = 7000
    assert (await printer.refresh()).counters["impressions"] == 7000


# --- completed, and nothing came out --------------------------------------------------------------------------------


async def test_counter_that_stands_still_is_not_printed(responder: IppResponder, printer: IppDocumentPrinter) -> None:
    assert responder.engine is not None
    responder.behaviour.impressions = 100
    assert (await printed(printer, "proof-1")).state is JobState.COMPLETED
    responder.engine.dead, responder.engine.honest = True, False
    last = await printed(printer, "proof-2")
    assert (last.state, NO_SHEET in last.reasons) == (JobState.UNKNOWN, True)
    assert (printer.status.device, printer.status.action) == (DeviceState.HARDWARE_ERROR, Action.MAINTENANCE)
    responder.engine.dead = False
    assert (await printed(printer, "proof-3")).state is JobState.COMPLETED
    assert printer.status.ready


async def test_job_without_a_sheet_on_a_printer_that_counts(
    responder: IppResponder, printer: IppDocumentPrinter
) -> None:
    assert responder.engine is not None
    assert (await printed(printer, "proof-1")).state is JobState.COMPLETED
    responder.engine.dead = True
    assert (await printed(printer, "proof-2")).state is JobState.UNKNOWN


async def test_what_one_printer_counts_says_nothing_of_the_next(
    responder: IppResponder, printer: IppDocumentPrinter
) -> None:
    assert (await printed(printer, "proof-1")).sheets_done == 1
    responder.behaviour.identity, responder.behaviour.counts_sheets = ("Menkou Virtual A4", "urn:uuid:another"), False
    responder.jobs.clear()
    last = await printed(printer, "proof-2")
    assert (last.state, last.sheets_done) == (JobState.COMPLETED, None)


async def test_printer_that_never_counts_is_believed(responder: IppResponder, printer: IppDocumentPrinter) -> None:
    responder.behaviour.counts_sheets = False
    assert (await printed(printer, "proof-1")).state is JobState.COMPLETED
    assert (await printed(printer, "proof-2")).state is JobState.COMPLETED


async def test_counter_that_lags_is_no_proof_against_counted_sheets(
    responder: IppResponder, printer: IppDocumentPrinter
) -> None:
    assert responder.engine is not None
    responder.behaviour.impressions = 100
    responder.engine.dead, responder.engine.honest = True, False  # the counter has never moved with a job
    assert (await printed(printer, "proof-1")).state is JobState.COMPLETED


async def test_number_of_ours_given_to_another_after_a_reboot(
    responder: IppResponder, printer: IppDocumentPrinter
) -> None:
    job = await printer.submit(PAGE, "proof-1")
    assert isinstance(job, PrintJob)
    await responder.reboot()
    another = responder.add_job_of_another()
    another.state, another.sheets = 9, 1
    looks = [progress async for progress in printer.follow(job)]
    assert looks[-1].state is JobState.UNKNOWN


# --- raster ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dpi", "types", "color", "size", "mode"),
    [
        ([300, 600], ["black_1", "sgray_8"], False, (2480, 3508), "L"),
        ([150], ["sgray_8", "srgb_8"], True, (1240, 1754), "RGB"),
        ([600, 1200], ["black_1"], False, (4961, 7016), "1"),
    ],
)
async def test_pages_as_the_printer_wants_them(
    responder: IppResponder,
    printer: IppDocumentPrinter,
    dpi: list[int],
    types: list[str],
    color: bool,
    size: tuple[int, int],
    mode: str,
) -> None:
    how = responder.behaviour
    how.formats, how.raster_dpi, how.raster_types, how.color = ["image/pwg-raster"], dpi, types, color
    assert (await printed(printer, "proof-1")).state is JobState.COMPLETED
    document = responder.jobs[1].document
    page = await asyncio.to_thread(read_page, document)
    assert (page.size, page.mode) == (size, mode)


async def test_pdf_that_is_listed_and_refused_is_drawn(responder: IppResponder, printer: IppDocumentPrinter) -> None:
    how = responder.behaviour
    how.formats, how.refuses, how.raster_dpi = ["application/pdf", "image/pwg-raster"], ["application/pdf"], [75]
    assert (await printed(printer, "proof-1")).state is JobState.COMPLETED
    assert len(responder.jobs) == 1
    assert responder.jobs[1].document.startswith(b"RaS2")


async def test_raster_of_no_known_kind_is_refused(responder: IppResponder, printer: IppDocumentPrinter) -> None:
    how = responder.behaviour
    how.formats, how.raster_types = ["image/pwg-raster"], ["cmyk_8"]
    assert await printer.submit(PAGE, "proof-1") is SubmitFault.FORMAT_NOT_SUPPORTED
    how.raster_types = ["sgray_8"]
    assert await printer.submit(b"%PDF-1.4 damaged", "proof-1") is SubmitFault.REJECTED
    assert PRINT_JOB not in responder.requests


# --- the line -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keep_alive", [True, False])
async def test_chunked_replies(responder: IppResponder, printer: IppDocumentPrinter, keep_alive: bool) -> None:
    responder.behaviour.chunked, responder.behaviour.keep_alive = True, keep_alive
    assert (await printer.refresh()).ready


async def test_questions_keep_their_connection_and_documents_do_not(
    responder: IppResponder, printer: IppDocumentPrinter
) -> None:
    responder.behaviour.keep_alive = True
    before = responder.connections
    for _ in range(5):
        assert (await printer.refresh()).ready
    assert responder.connections <= before + 1
    assert (await printed(printer, "proof-1")).state is JobState.COMPLETED
    assert responder.connections <= before + 2


async def test_kept_connection_that_died_is_not_an_absent_printer(
    responder: IppResponder, printer: IppDocumentPrinter
) -> None:
    responder.behaviour.keep_alive = True
    assert (await printer.refresh()).ready
    responder.behaviour.drop_kept = True
    for _ in range(3):
        assert (await printer.refresh()).ready


async def test_reply_that_breaks_off_is_no_status(responder: IppResponder, printer: IppDocumentPrinter) -> None:
    responder.behaviour.cut_reply = {GET_PRINTER}
    status = await printer.refresh()
    assert (status.device, status.ready) == (DeviceState.OFFLINE, False)


async def test_accepted_job_whose_reply_breaks_off_is_unknown(
    responder: IppResponder, printer: IppDocumentPrinter
) -> None:
    responder.behaviour.cut_reply = {PRINT_JOB}
    assert await printer.submit(PAGE, "proof-1") is SubmitFault.UNKNOWN
    found = await printer.find_job("proof-1")
    assert found is not None
    assert found[0].job_id == 1
    assert responder.requests.count(PRINT_JOB) == 1


@pytest.mark.parametrize(
    ("http", "action"), [(426, Action.MAINTENANCE), (401, Action.MAINTENANCE), (503, Action.RESET)]
)
async def test_who_has_to_come(responder: IppResponder, printer: IppDocumentPrinter, http: int, action: Action) -> None:
    responder.behaviour.http_status = http
    status = await printer.refresh()
    assert (status.device, status.action) == (DeviceState.OFFLINE, action)


async def test_closed_and_opened_again(responder: IppResponder, printer: IppDocumentPrinter) -> None:
    await printer.close()
    await printer.open()
    assert printer.status.ready


async def test_trace_shows_frames_and_no_document(responder: IppResponder, printer: IppDocumentPrinter) -> None:
    seen: list[Traced] = []
    with watch(seen.append):
        await printer.submit(PAGE, "proof-1")
    assert [frame.label for frame in seen] == ["GET_PRINTER_ATTRIBUTES"] * 2 + ["PRINT_JOB"] * 2
    assert all(len(frame.data) < 4000 for frame in seen)
    assert not any(b"%PDF" in bytes(octet or 0 for octet in frame.data) for frame in seen)


# --- TLS ------------------------------------------------------------------------------------------------------------


def certificate(folder: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    """A printer's self-made certificate, and the printer's end of TLS with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    made = (
        builder.serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / f"{name}.pem", folder / f"{name}.key"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, secret)
    return pem, context


async def test_certificate(tmp_path: Path) -> None:
    pem, context = certificate(tmp_path, "printer")
    other, _ = certificate(tmp_path, "other")
    responder = IppResponder(Engine(), tls=context)
    await responder.start()
    try:
        for options, ready in (
            ({}, False),
            ({"certificate": str(other)}, False),
            ({"certificate": str(pem)}, True),
            ({"verify": False}, True),
        ):
            printer = IPP.make(IPP.options.model_validate({"uri": responder.uri, **options}))
            status = await printer.refresh()
            assert status.ready is ready, options
            if not ready:
                assert (status.detail, status.action) == ("certificate not trusted", Action.MAINTENANCE)
            await printer.close()
    finally:
        await responder.stop()


def test_options() -> None:
    with pytest.raises(ValidationError):
        IPP.options.model_validate({"uri": "ipp://printer/", "tray": "2"})
    with pytest.raises(ValueError, match="certificate"):
        IPP.make(IPP.options.model_validate({"uri": "ipps://printer/", "certificate": "/nowhere.pem"}))
    with pytest.raises(ValueError, match="ipp://"):
        IppClient("http://printer/")
