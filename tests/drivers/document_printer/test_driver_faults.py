"""What ippeveprinter cannot do, by a responder that can."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from drivers.document_printer.client import IppClient, http_url
from drivers.document_printer.driver import IppDocumentPrinter
from drivers.document_printer.following import Timing
from drivers.document_printer.port import JobProgress, JobState, PrintJob, SubmitFault
from drivers.status import Action, DeviceState, SupplyState
from drivers.virtual.ipp_responder import CANCEL_JOB, GET_JOB, GET_JOBS, GET_PRINTER, PRINT_JOB, IppResponder

PDF = b"%PDF-1.4 " + bytes(50_000)


@pytest.fixture
async def responder() -> AsyncIterator[IppResponder]:
    responder = IppResponder()
    await responder.start()
    yield responder
    await responder.stop()


@pytest.fixture
async def printer(responder: IppResponder) -> AsyncIterator[IppDocumentPrinter]:
    printer = IppDocumentPrinter(
        responder.uri,
        timing=Timing(poll_s=0.02, silence_s=0.4, settle_s=0.2, cancel_s=2.0),
        client=IppClient(responder.uri, reply_s=2.0, send_s=2.0),
    )
    await printer.open()
    yield printer
    await printer.close()


async def accepted(printer: IppDocumentPrinter, name: str = "proof-1") -> PrintJob:
    job = await printer.submit(PDF, name)
    assert isinstance(job, PrintJob), job
    return job


async def followed(printer: IppDocumentPrinter, job: PrintJob) -> list[JobProgress]:
    return [progress async for progress in printer.follow(job)]


async def until(printer: IppDocumentPrinter, job: PrintJob, state: JobState) -> JobProgress:
    async with asyncio.timeout(20):
        async for progress in printer.follow(job):
            if progress.state is state:
                return progress
    raise AssertionError(f"never {state}")


@pytest.mark.parametrize(
    ("uri", "url"),
    [
        ("ipp://printer/ipp/print", "http://printer:631/ipp/print"),
        ("ipps://10.0.0.9:8631/ipp", "https://10.0.0.9:8631/ipp"),
        ("ipp://[::1]:8631", "http://[::1]:8631/"),
    ],
)
def test_uri(uri: str, url: str) -> None:
    assert http_url(uri) == url


def test_uri_of_another_kind() -> None:
    with pytest.raises(ValueError, match="ipp://"):
        http_url("http://printer/")


# --- status ---------------------------------------------------------------------------------------------------------


async def test_idle_printer_is_ready(printer: IppDocumentPrinter) -> None:
    assert printer.status.ready
    assert printer.status.supplies == {"paper": SupplyState.FULL, "toner": SupplyState.FULL}


async def test_stopped_with_error_suffix(responder: IppResponder, printer: IppDocumentPrinter) -> None:
    responder.behaviour.printer_state = 5
    responder.behaviour.printer_reasons = ["media-jam-error", "toner-low-warning"]
    status = await printer.refresh()
    assert status.supplies == {"paper": SupplyState.JAMMED, "toner": SupplyState.LOW}
    assert status.action is Action.CLEAR
    assert not status.ready


async def test_door_open(responder: IppResponder, printer: IppDocumentPrinter) -> None:
    responder.behaviour.printer_reasons = ["door-open-error"]
    assert (await printer.refresh()).device is DeviceState.USER_ERROR


async def test_stopped_without_a_reason(responder: IppResponder, printer: IppDocumentPrinter) -> None:
    responder.behaviour.printer_state = 5
    assert not (await printer.refresh()).ready


async def test_not_accepting_jobs(responder: IppResponder, printer: IppDocumentPrinter) -> None:
    responder.behaviour.accepting = False
    assert (await printer.refresh()).device is DeviceState.OFFLINE


@pytest.mark.parametrize("state", [0, 6])
async def test_impossible_state_is_unknown(responder: IppResponder, printer: IppDocumentPrinter, state: int) -> None:
    responder.behaviour.printer_state = state
    status = await printer.refresh()
    assert status.device is DeviceState.UNKNOWN
    assert status.supplies["paper"] is SupplyState.UNKNOWN


async def test_missing_reasons_are_unknown(responder: IppResponder, printer: IppDocumentPrinter) -> None:
    responder.behaviour.printer_reasons = None
    assert (await printer.refresh()).device is DeviceState.UNKNOWN


@pytest.mark.parametrize("garbage", [b"", b"<html>", b"\x02\x00\x00\x00\x00\x00\x00\x01\x04\x21"])
async def test_garbage_is_unknown(responder: IppResponder, printer: IppDocumentPrinter, garbage: bytes) -> None:
    responder.behaviour.garbage = garbage
    assert (await printer.refresh()).device is DeviceState.UNKNOWN


async def test_reply_to_another_request_is_unknown(responder: IppResponder, printer: IppDocumentPrinter) -> None:
    responder.behaviour.wrong_request_id = True
    assert (await printer.refresh()).device is DeviceState.UNKNOWN


async def test_http_503_is_offline(responder: IppResponder, printer: IppDocumentPrinter) -> None:
    responder.behaviour.http_status = 503
    assert (await printer.refresh()).device is DeviceState.OFFLINE


async def test_switched_off_and_on_again(responder: IppResponder, printer: IppDocumentPrinter) -> None:
    await responder.stop()
    assert (await printer.refresh()).device is DeviceState.OFFLINE
    assert await printer.submit(PDF, "proof-1") is SubmitFault.OFFLINE
    await responder.start()
    assert (await printer.refresh()).ready


async def test_slow_printer_is_read_byte_by_byte(responder: IppResponder, printer: IppDocumentPrinter) -> None:
    responder.behaviour.byte_by_byte = True
    assert (await printer.refresh()).ready


async def test_silent_printer_is_offline(responder: IppResponder) -> None:
    responder.behaviour.silent = {GET_PRINTER}
    printer = IppDocumentPrinter(responder.uri, client=IppClient(responder.uri, reply_s=0.2))
    assert (await printer.refresh()).device is DeviceState.OFFLINE
    await printer.close()


# --- submitting -----------------------------------------------------------------------------------------------------


async def test_whole_document_and_fixed_attributes_arrive(responder: IppResponder, printer: IppDocumentPrinter) -> None:
    await accepted(printer)
    sent = responder.last_request
    assert sent.endswith(b"\x03" + PDF)
    assert b"\x44\x00\x05media\x00\x10iso_a4_210x297mm" in sent
    assert b"\x44\x00\x05sides\x00\x09one-sided" in sent
    assert b"\x44\x00\x0dprint-scaling\x00\x04none" in sent
    assert b"\x21\x00\x06copies\x00\x04\x00\x00\x00\x01" in sent


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        (0x0507, SubmitFault.BUSY),
        (0x0506, SubmitFault.NOT_ACCEPTING),
        (0x040A, SubmitFault.FORMAT_NOT_SUPPORTED),
        (0x0400, SubmitFault.REJECTED),
        (0x0413, SubmitFault.REJECTED),
        (0x0501, SubmitFault.REJECTED),  # operation not supported
        (0x0500, SubmitFault.UNKNOWN),  # the whole document had arrived: nobody knows how far it got
        (0x0504, SubmitFault.UNKNOWN),
        (0x0508, SubmitFault.UNKNOWN),
        (0x0588, SubmitFault.UNKNOWN),
        (0x0100, SubmitFault.UNKNOWN),
    ],
)
async def test_refusals(responder: IppResponder, printer: IppDocumentPrinter, status: int, fault: SubmitFault) -> None:
    responder.behaviour.print_status = status
    assert await printer.submit(PDF, "proof-1") is fault
    assert not responder.jobs


@pytest.mark.parametrize(
    ("http", "fault"), [(503, SubmitFault.BUSY), (426, SubmitFault.REJECTED), (500, SubmitFault.UNKNOWN)]
)
async def test_http_errors(responder: IppResponder, printer: IppDocumentPrinter, http: int, fault: SubmitFault) -> None:
    responder.behaviour.print_http_status = http
    assert await printer.submit(PDF, "proof-1") is fault


async def test_printer_without_pdf_gets_none(responder: IppResponder, printer: IppDocumentPrinter) -> None:
    responder.behaviour.formats = ["image/urf"]
    await printer.refresh()
    assert await printer.submit(PDF, "proof-1") is SubmitFault.FORMAT_NOT_SUPPORTED
    assert PRINT_JOB not in responder.requests


async def test_broken_connection_after_sending_is_unknown_and_the_job_is_found(
    responder: IppResponder, printer: IppDocumentPrinter
) -> None:
    responder.behaviour.drop_after_request = {PRINT_JOB}
    assert await printer.submit(PDF, "proof-7") is SubmitFault.UNKNOWN
    assert responder.requests.count(PRINT_JOB) == 1  # never sent twice
    found = await printer.find_job("proof-7")
    assert found is not None
    assert found[0] == PrintJob(1, "proof-7")
    assert found[1].state is JobState.PROCESSING


async def test_no_reply_to_print_job_is_unknown(responder: IppResponder) -> None:
    responder.behaviour.silent = {PRINT_JOB}
    printer = IppDocumentPrinter(responder.uri, client=IppClient(responder.uri, send_s=0.3))
    assert await printer.submit(PDF, "proof-1") is SubmitFault.UNKNOWN
    await printer.close()


# --- finding --------------------------------------------------------------------------------------------------------


async def test_finished_job_is_found_and_a_stranger_is_not(
    responder: IppResponder, printer: IppDocumentPrinter
) -> None:
    await accepted(printer, "proof-1")
    await accepted(printer, "proof-2")
    responder.jobs[1].state, responder.jobs[1].sheets = 9, 1
    found = await printer.find_job("proof-1")
    assert found is not None
    assert (found[0].job_id, found[1].state, found[1].sheets_done) == (1, JobState.COMPLETED, 1)
    assert await printer.find_job("proof") is None


async def test_job_without_a_name_is_found_by_its_number(responder: IppResponder, printer: IppDocumentPrinter) -> None:
    responder.behaviour.name_octets = 0
    await accepted(printer, "proof-1")
    await accepted(printer, "proof-2")
    found = await printer.find_job("proof-1")
    assert found is not None
    assert (found[0].job_id, found[1].state) == (1, JobState.PROCESSING)
    found = await printer.find_job("proof-3")  # may be either
    assert found is not None
    assert (found[0].job_id, found[1].state) == (0, JobState.UNKNOWN)


@pytest.mark.parametrize(("octets", "job_id"), [(6, 0), (15, 1)])
async def test_shortened_name_counts_if_enough_is_left(responder: IppResponder, octets: int, job_id: int) -> None:
    responder.behaviour.name_octets = octets
    responder.add_job_of_another("proof-0123456789ab")
    stranger = IppDocumentPrinter(responder.uri)  # has not submitted it
    found = await stranger.find_job("proof-0123456789ab")
    assert found is not None
    assert found[0].job_id == job_id
    found = await stranger.find_job("licence-0123456789ab")
    assert found is None
    await stranger.close()


async def test_cannot_be_asked_is_not_the_same_as_not_found(
    responder: IppResponder, printer: IppDocumentPrinter
) -> None:
    responder.behaviour.drop_after_request = {GET_JOBS}
    found = await printer.find_job("proof-1")
    assert found is not None
    assert found[1].state is JobState.UNKNOWN


# --- following ------------------------------------------------------------------------------------------------------


async def test_completed_with_errors_is_not_completed(responder: IppResponder, printer: IppDocumentPrinter) -> None:
    job = await accepted(printer)
    responder.jobs[1].state, responder.jobs[1].reasons = 9, ["job-completed-with-errors"]
    last = (await followed(printer, job))[-1]
    assert last.state is JobState.ABORTED
    assert "job-completed-with-errors" in last.reasons


async def test_processing_stopped_then_completed(responder: IppResponder, printer: IppDocumentPrinter) -> None:
    job = await accepted(printer)
    responder.jobs[1].state = 6
    await until(printer, job, JobState.STOPPED)
    responder.jobs[1].state, responder.jobs[1].sheets = 9, 1
    assert (await followed(printer, job))[-1] == JobProgress(JobState.COMPLETED, 1, frozenset({"job-printing"}))


async def test_processing_job_in_a_jammed_printer_is_stopped(
    responder: IppResponder, printer: IppDocumentPrinter
) -> None:
    job = await accepted(printer)
    responder.behaviour.printer_state, responder.behaviour.printer_reasons = 5, ["media-jam-error"]
    assert "media-jam" in (await until(printer, job, JobState.STOPPED)).reasons


async def test_completed_is_not_believed_while_the_printer_reports_a_jam(
    responder: IppResponder, printer: IppDocumentPrinter
) -> None:
    job = await accepted(printer)
    responder.jobs[1].state = 9
    responder.behaviour.printer_reasons = ["media-jam-report"]
    await until(printer, job, JobState.STOPPED)
    responder.behaviour.printer_reasons = ["none"]
    assert (await followed(printer, job))[-1].state is JobState.COMPLETED


async def test_last_sheet_of_the_tray_is_a_printed_sheet(responder: IppResponder, printer: IppDocumentPrinter) -> None:
    job = await accepted(printer)
    responder.jobs[1].state = 9
    responder.behaviour.printer_state, responder.behaviour.printer_reasons = 5, ["media-empty-error"]
    assert [p.state for p in await followed(printer, job)] == [JobState.COMPLETED]


async def test_completed_waits_for_the_engine_but_not_for_ever(
    responder: IppResponder, printer: IppDocumentPrinter
) -> None:
    job = await accepted(printer)
    responder.jobs[1].state = 9
    responder.behaviour.printer_state = 4
    states = [p.state for p in await followed(printer, job)]
    assert states == [JobState.PROCESSING, JobState.COMPLETED]


async def test_forgotten_job_is_unknown(responder: IppResponder, printer: IppDocumentPrinter) -> None:
    job = await accepted(printer)
    responder.jobs[1].forgotten = True
    assert [p.state for p in await followed(printer, job)] == [JobState.UNKNOWN]


async def test_silence_becomes_unknown(responder: IppResponder, printer: IppDocumentPrinter) -> None:
    job = await accepted(printer)
    await responder.stop()
    assert [p.state for p in await followed(printer, job)] == [JobState.UNKNOWN]


async def test_short_silence_is_bridged(responder: IppResponder, printer: IppDocumentPrinter) -> None:
    job = await accepted(printer)
    responder.behaviour.drop_after_request = {GET_JOB}
    follow = asyncio.create_task(followed(printer, job))
    while GET_JOB not in responder.requests:
        await asyncio.sleep(0.01)
    responder.jobs[1].state = 9
    responder.behaviour.drop_after_request = set()
    assert [p.state for p in await follow] == [JobState.COMPLETED]


async def test_sheet_count_never_falls(responder: IppResponder, printer: IppDocumentPrinter) -> None:
    job = await accepted(printer)
    responder.jobs[1].sheets = 2
    counts: list[int | None] = []
    async for progress in printer.follow(job):
        counts.append(progress.sheets_done)
        responder.jobs[1].state, responder.jobs[1].sheets = 9, 0
    assert counts == [2, 2]


# --- cancelling -----------------------------------------------------------------------------------------------------


async def test_cancel(responder: IppResponder, printer: IppDocumentPrinter) -> None:
    job = await accepted(printer)
    assert (await printer.cancel(job)).state is JobState.CANCELED
    assert CANCEL_JOB in responder.requests


async def test_count_forgotten_when_cancelled_is_remembered_here(
    responder: IppResponder, printer: IppDocumentPrinter
) -> None:
    job = await accepted(printer)
    responder.jobs[1].sheets, responder.jobs[1].state = 1, 6
    assert (await until(printer, job, JobState.STOPPED)).sheets_done == 1
    responder.jobs[1].sheets = 0
    assert (await printer.cancel(job)).sheets_done == 1
    found = await printer.find_job("proof-1")
    assert found is not None
    assert found[1].sheets_done == 1


async def test_cancel_too_late_tells_that_it_was_printed(responder: IppResponder, printer: IppDocumentPrinter) -> None:
    job = await accepted(printer)
    responder.jobs[1].state, responder.jobs[1].sheets = 9, 1
    progress = await printer.cancel(job)
    assert (progress.state, progress.sheets_done) == (JobState.COMPLETED, 1)
