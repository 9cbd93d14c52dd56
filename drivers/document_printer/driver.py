"""`DocumentPrinter` over IPP 2.0."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import structlog

from drivers.document_printer.client import FaultKind, IppClient, IppFault, Operation, Status
from drivers.document_printer.ipp_codec import IppMessage
from drivers.document_printer.ipp_values import Attribute, GroupTag, Tag
from drivers.document_printer.port import FINAL_STATES, JobProgress, JobState, PrintJob, SubmitFault
from drivers.document_printer.printer_status import (
    IDLE,
    NO_ANSWER,
    STOPPED,
    PrinterLook,
    describe,
    device_status,
    job_progress,
    read_printer,
)
from drivers.document_printer.reasons import IN_PAPER_PATH
from drivers.status import DeviceStatus

log = structlog.get_logger()

A4 = "iso_a4_210x297mm"
_PRINTER_ATTRIBUTES = (
    "printer-state",
    "printer-state-reasons",
    "printer-is-accepting-jobs",
    "document-format-supported",
    "print-scaling-supported",
)
_JOB_ATTRIBUTES = (
    "job-id",
    "job-name",
    "job-state",
    "job-state-reasons",
    "job-impressions-completed",
    "job-media-sheets-completed",
)
_USER = Attribute("requesting-user-name", Tag.NAME, ("kiosk",))


@dataclass(frozen=True)
class Timing:
    """All in seconds. `silence_s`: without an answer for so long, a followed job is UNKNOWN. `settle_s`: how long a
    completed job waits for the printer to fall idle. `cancel_s`: how long `cancel` waits for the job's end."""

    poll_s: float = 0.7
    silence_s: float = 20.0
    settle_s: float = 5.0
    cancel_s: float = 10.0


class IppDocumentPrinter:
    """An A4 printer at `uri` (ipp://host:port/path, or ipps with TLS).

    `ignore_reasons`: keywords that mean nothing on this model, such as media-empty of a by-pass tray never filled.
    """

    def __init__(
        self,
        uri: str,
        *,
        timing: Timing | None = None,
        client: IppClient | None = None,
        verify: bool | ssl.SSLContext = True,
        ignore_reasons: frozenset[str] = frozenset(),
    ) -> None:
        self._client = client or IppClient(uri, verify=verify)
        self._timing = timing or Timing()
        self._ignored = ignore_reasons
        self._status = DeviceStatus()
        self._look: PrinterLook | None = None  # the last usable one, for what does not change: formats

    async def open(self) -> None:
        """Asks for the status; an absent printer is a status, not an error."""
        await self.refresh()

    async def close(self) -> None:
        await self._client.close()

    @property
    def status(self) -> DeviceStatus:
        return self._status

    async def refresh(self) -> DeviceStatus:
        await self._look_at_printer()
        return self._status

    async def submit(
        self, document: bytes, job_name: str, mime_type: str = "application/pdf"
    ) -> PrintJob | SubmitFault:
        look = self._look or await self._look_at_printer()
        if look is None:
            return SubmitFault.OFFLINE
        if mime_type not in look.formats:
            return SubmitFault.FORMAT_NOT_SUPPORTED
        reply = await self._client.request(
            Operation.PRINT_JOB,
            (
                _USER,
                Attribute("job-name", Tag.NAME, (job_name,)),
                Attribute("ipp-attribute-fidelity", Tag.BOOLEAN, (False,)),
                Attribute("document-format", Tag.MIME_MEDIA_TYPE, (mime_type,)),
            ),
            _job_template(look),
            document,
        )
        outcome = _submit_outcome(reply, job_name)
        if isinstance(outcome, SubmitFault):
            log.warning("document_job_not_accepted", fault=outcome.value, cause=describe(reply))
        elif isinstance(reply, IppMessage):
            ignored = [attribute.name for attribute in reply.group(GroupTag.UNSUPPORTED).attributes]
            log.info("document_job_accepted", job_id=outcome.job_id, octets=len(document), ignored=ignored)
        return outcome

    async def follow(self, job: PrintJob) -> AsyncIterator[JobProgress]:
        loop = asyncio.get_running_loop()
        heard = loop.time()
        completed_at: float | None = None
        last: JobProgress | None = None
        while True:
            progress: JobProgress | None
            look = await self._look_at_job(job)
            if isinstance(look, _Completed):
                completed_at = completed_at or loop.time()
                progress = look.believed(loop.time() - completed_at >= self._timing.settle_s)
            else:
                progress = look
            if progress is not None:
                heard = loop.time()
                if last is not None:  # some printers forget the count at the end
                    progress = replace(progress, sheets_done=max(progress.sheets_done, last.sheets_done))
            elif loop.time() - heard >= self._timing.silence_s:
                progress = JobProgress(JobState.UNKNOWN, last.sheets_done if last else 0, NO_ANSWER)
            if progress is not None and progress != last:
                last = progress
                _log_progress(job, progress)
                yield progress
                if progress.state in FINAL_STATES or progress.state is JobState.UNKNOWN:
                    return
            await asyncio.sleep(self._timing.poll_s)

    async def find_job(self, job_name: str) -> tuple[PrintJob, JobProgress] | None:
        """None only when the printer answered and knows no such job. If it cannot be asked: job id 0, UNKNOWN."""
        # In this order: a job that ends between the two questions is in the second answer.
        for which in ("not-completed", "completed"):
            reply = await self._client.request(
                Operation.GET_JOBS,
                (
                    _USER,
                    Attribute("requested-attributes", Tag.KEYWORD, _JOB_ATTRIBUTES),
                    Attribute("which-jobs", Tag.KEYWORD, (which,)),
                    Attribute("my-jobs", Tag.BOOLEAN, (False,)),
                ),
            )
            if isinstance(reply, IppFault) or reply.code > Status.LAST_SUCCESS:
                log.warning("document_job_search_failed", cause=describe(reply))
                return PrintJob(0, job_name), JobProgress(JobState.UNKNOWN, 0, NO_ANSWER)
            found = {
                group.integer("job-id") or 0: group
                for group in reply.all_groups(GroupTag.JOB)
                if job_name in group.strings("job-name")
            }
            if found:
                return PrintJob(max(found), job_name), job_progress(found[max(found)])
        return None

    async def cancel(self, job: PrintJob) -> JobProgress:
        """A job that has already ended keeps its state; one that does not end in time is returned as it is."""
        reply = await self._client.request(
            Operation.CANCEL_JOB, (Attribute("job-id", Tag.INTEGER, (job.job_id,)), _USER)
        )
        log.info("document_job_cancel", job_id=job.job_id, answer=describe(reply))
        progress = JobProgress(JobState.UNKNOWN, 0, NO_ANSWER)
        try:
            async with asyncio.timeout(self._timing.cancel_s):
                async for progress in self.follow(job):  # noqa: B007 - the last one counts
                    pass
        except TimeoutError:
            log.warning("document_job_cancel_slow", job_id=job.job_id, state=progress.state.value)
        return progress

    async def _look_at_printer(self) -> PrinterLook | None:
        """Ask the printer, and keep its status."""
        reply = await self._client.request(
            Operation.GET_PRINTER_ATTRIBUTES,
            (Attribute("requested-attributes", Tag.KEYWORD, _PRINTER_ATTRIBUTES),),
        )
        look = read_printer(reply, self._ignored)
        status = device_status(look, reply)
        if status != self._status:
            log.info("document_printer_status", device=status.device.value, detail=status.detail)
        self._status = status
        self._look = look or self._look
        return look

    async def _look_at_job(self, job: PrintJob) -> JobProgress | _Completed | None:
        """The job and the printer in the same tick; None if there is no usable answer."""
        reply = await self._client.request(
            Operation.GET_JOB_ATTRIBUTES,
            (
                Attribute("job-id", Tag.INTEGER, (job.job_id,)),
                _USER,
                Attribute("requested-attributes", Tag.KEYWORD, _JOB_ATTRIBUTES),
            ),
        )
        if isinstance(reply, IppFault):
            return None
        if reply.code in (Status.NOT_FOUND, Status.GONE):
            return JobProgress(JobState.UNKNOWN, 0, frozenset({"job-not-found"}))
        progress = job_progress(reply.group(GroupTag.JOB))
        if reply.code > Status.LAST_SUCCESS or progress.state is JobState.UNKNOWN:
            return None
        printer = await self._look_at_printer()
        if progress.state in (JobState.CANCELED, JobState.ABORTED):
            return progress
        if printer is None:
            return None
        progress = replace(progress, reasons=progress.reasons | printer.verdict.keywords)
        if progress.state is JobState.COMPLETED:
            return _Completed(progress, printer)
        if printer.state == STOPPED or printer.verdict.hard:
            return replace(progress, state=JobState.STOPPED)
        return progress


@dataclass(frozen=True)
class _Completed:
    """The printer calls the job completed. Believed once it is idle and nothing may be left in its paper path."""

    progress: JobProgress
    printer: PrinterLook

    def believed(self, waited_enough: bool) -> JobProgress:
        if self.printer.verdict.keywords & IN_PAPER_PATH:
            return replace(self.progress, state=JobState.STOPPED)
        # The job's last sheet may have been the tray's last: such a printer is stopped, and the sheet is out.
        if self.printer.state == IDLE or self.printer.verdict.hard or waited_enough:
            return self.progress
        return replace(self.progress, state=JobState.PROCESSING)


def _job_template(look: PrinterLook) -> tuple[Attribute, ...]:
    template = (
        Attribute("copies", Tag.INTEGER, (1,)),
        Attribute("sides", Tag.KEYWORD, ("one-sided",)),
        Attribute("media", Tag.KEYWORD, (A4,)),
    )
    if "none" in look.scalings:
        return (*template, Attribute("print-scaling", Tag.KEYWORD, ("none",)))
    return template


def _submit_outcome(reply: IppMessage | IppFault, job_name: str) -> PrintJob | SubmitFault:
    if isinstance(reply, IppFault):
        return _submit_fault(reply)
    if reply.code <= Status.LAST_SUCCESS:
        job_id = reply.group(GroupTag.JOB).integer("job-id")
        return PrintJob(job_id, job_name) if job_id else SubmitFault.UNKNOWN
    if reply.code in (Status.BUSY, Status.TEMPORARY_ERROR):
        return SubmitFault.BUSY
    if reply.code in (Status.NOT_ACCEPTING_JOBS, Status.SERVICE_UNAVAILABLE):
        return SubmitFault.NOT_ACCEPTING
    if reply.code == Status.DOCUMENT_FORMAT_NOT_SUPPORTED:
        return SubmitFault.FORMAT_NOT_SUPPORTED
    message = " ".join(reply.group(GroupTag.OPERATION).strings("status-message"))
    return SubmitFault.BUSY if "printing another job" in message else SubmitFault.REJECTED


def _submit_fault(fault: IppFault) -> SubmitFault:
    if fault.kind is FaultKind.UNREACHABLE:
        return SubmitFault.OFFLINE
    if fault.http_status == 503:
        return SubmitFault.BUSY
    if 400 <= fault.http_status < 500:
        return SubmitFault.REJECTED
    return SubmitFault.UNKNOWN


def _log_progress(job: PrintJob, progress: JobProgress) -> None:
    log.info(
        "document_job",
        job_id=job.job_id,
        state=progress.state.value,
        sheets=progress.sheets_done,
        reasons=sorted(progress.reasons),
    )
