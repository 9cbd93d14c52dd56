"""`DocumentPrinter` over IPP 2.0."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace

import structlog

from drivers.document_printer.client import FaultKind, IppClient, IppFault, Operation, Status
from drivers.document_printer.following import JOB_ATTRIBUTES, NO_SHEET, USER, Evidence, JobFollower, Timing
from drivers.document_printer.formats import PDF, PWG_RASTER
from drivers.document_printer.ipp_codec import IppMessage
from drivers.document_printer.ipp_values import Attribute, Collection, Group, GroupTag, Tag
from drivers.document_printer.job_names import JobSearch
from drivers.document_printer.port import JobProgress, JobState, PrintJob, SubmitFault, Tray
from drivers.document_printer.printer_status import (
    FACT_ATTRIBUTES,
    NO_ANSWER,
    STATE_ATTRIBUTES,
    PrinterFacts,
    PrinterLook,
    describe,
    device_status,
    job_progress,
    read_facts,
    read_printer,
)
from drivers.document_printer.rasterise import RasteriseError, rasterise
from drivers.document_printer.supplies import A4_SIZE, LOADED_ATTRIBUTE, SUPPLY_ATTRIBUTES, Stock
from drivers.status import Action, DeviceState, DeviceStatus

log = structlog.get_logger()

A4 = "iso_a4_210x297mm"
# The printer took a PDF and then could not read it.
_UNREADABLE = frozenset({"document-format-error", "unsupported-document-format", "document-unprintable-error"})
_NEVER_LOOKED_AT = frozenset({Status.OPERATION_NOT_SUPPORTED, Status.VERSION_NOT_SUPPORTED})
_KEPT_EVIDENCE = 20  # jobs


class IppDocumentPrinter:
    """An A4 printer at `uri` (ipp://host:port/path, or ipps with TLS).

    `ignore_reasons`: keywords that mean nothing on this model, such as media-empty of a by-pass tray never filled.
    `stock`: where it keeps special paper.
    """

    def __init__(
        self,
        uri: str,
        *,
        timing: Timing | None = None,
        client: IppClient | None = None,
        verify: bool | ssl.SSLContext = True,
        ignore_reasons: frozenset[str] = frozenset(),
        stock: Stock | None = None,
    ) -> None:
        self._client = client or IppClient(uri, verify=verify)
        self._timing = timing or Timing()
        self._ignored = ignore_reasons
        self._stock = stock or Stock()
        self._told = DeviceStatus()  # by the printer itself
        self._status = DeviceStatus()
        self._facts: PrinterFacts | None = None  # None: to be asked for with the next look
        self._unasked = SubmitFault.OFFLINE  # why the last look failed, for a document that was therefore not sent
        self._identity = ""
        self._counters: dict[str, int] = {"jobs": 0, "sheets": 0}
        self._evidence: dict[str, Evidence] = {}  # by job name
        self._special_jobs: set[str] = set()
        self._counts_sheets = False
        self._counter_moves = False
        self._misreads_pdf = False
        self._mistrusted = False  # it called a job completed that was not; until one is, or it is switched off and on

    async def open(self) -> None:
        """Asks for the status; an absent printer is a status, not an error."""
        await self.refresh()

    async def close(self) -> None:
        """It may be opened again: a connection is made when there is something to ask."""
        await self._client.close()

    @property
    def status(self) -> DeviceStatus:
        return self._status

    async def refresh(self) -> DeviceStatus:
        await self._look_at_printer()
        return self._status

    # --- submitting -------------------------------------------------------------------------------------------------

    async def submit(
        self, document: bytes, job_name: str, mime_type: str = PDF, *, tray: Tray = Tray.PLAIN
    ) -> PrintJob | SubmitFault:
        look = await self._look_at_printer(with_facts=True)  # it may have been set up anew since
        facts = self._facts
        if look is None or facts is None:
            return self._unasked
        if tray is Tray.SPECIAL and not self._may_take_special(look, facts):
            log.warning("document_job_without_stock")
            return SubmitFault.NO_MEDIA
        outcome = await self._submit_as(self._form(mime_type, facts), document, job_name, tray, look, facts)
        if outcome is SubmitFault.FORMAT_NOT_SUPPORTED and mime_type == PDF and PDF in facts.formats and facts.raster:
            # It lists PDF and refuses it. Nothing has been printed: the same pages as pictures.
            self._misreads_pdf = True
            outcome = await self._submit_as(PWG_RASTER, document, job_name, tray, look, facts)
        if isinstance(outcome, PrintJob) and tray is Tray.SPECIAL:
            self._special_jobs.add(job_name)
        return outcome

    def _form(self, mime_type: str, facts: PrinterFacts) -> str | None:
        """What to send: as it is, as pictures, or None."""
        if mime_type == PDF and facts.raster is not None and (self._misreads_pdf or PDF not in facts.formats):
            return PWG_RASTER
        return mime_type if mime_type in facts.formats else None

    async def _submit_as(
        self, form: str | None, document: bytes, job_name: str, tray: Tray, look: PrinterLook, facts: PrinterFacts
    ) -> PrintJob | SubmitFault:
        if form is None:
            return SubmitFault.FORMAT_NOT_SUPPORTED
        if form == PWG_RASTER and facts.raster is not None and not document.startswith(b"RaS2"):
            try:
                document = await rasterise(document, facts.raster)
            except RasteriseError as error:
                log.warning("document_not_rasterised", cause=str(error))
                return SubmitFault.REJECTED
        self._remember(job_name, Evidence(look.supplies.impressions, self._counter_moves, self._counts_sheets))
        reply = await self._client.request(
            Operation.PRINT_JOB,
            (
                USER,
                Attribute("job-name", Tag.NAME, (job_name,)),
                # Special stock, or nothing: the printer must not make do with another tray.
                Attribute("ipp-attribute-fidelity", Tag.BOOLEAN, (tray is Tray.SPECIAL,)),
                Attribute("document-format", Tag.MIME_MEDIA_TYPE, (form,)),
            ),
            self._job_template(look, facts, tray),
            document,
        )
        outcome = _submit_outcome(reply, job_name, tray)
        if isinstance(outcome, SubmitFault):
            log.warning("document_job_not_accepted", fault=outcome.value, cause=describe(reply))
        elif isinstance(reply, IppMessage):
            ignored = [attribute.name for attribute in reply.group(GroupTag.UNSUPPORTED).attributes]
            self._remember(job_name, replace(self._evidence_for(job_name), job_id=outcome.job_id))
            log.info("document_job_accepted", job_id=outcome.job_id, form=form, octets=len(document), ignored=ignored)
        return outcome

    def _may_take_special(self, look: PrinterLook, facts: PrinterFacts) -> bool:
        """False when there is none for sure. A printer that cannot tell asks for the paper itself."""
        if not self._stock.has_special:
            return False
        if (filled := look.supplies.special_filled(self._stock)) is not None:
            return filled
        return not self._stock.special_source or self._stock.special_source in facts.sources

    def _job_template(self, look: PrinterLook, facts: PrinterFacts, tray: Tray) -> tuple[Attribute, ...]:
        template = (
            Attribute("copies", Tag.INTEGER, (1,)),
            Attribute("sides", Tag.KEYWORD, ("one-sided",)),
            self._media(look, tray),
        )
        if "none" in facts.scalings:
            return (*template, Attribute("print-scaling", Tag.KEYWORD, ("none",)))
        return template

    def _media(self, look: PrinterLook, tray: Tray) -> Attribute:
        """media-col where a tray or a kind of paper has to be named, else media: a job may have only one of them."""
        stock = self._stock
        source = stock.special_source if tray is Tray.SPECIAL else look.supplies.source_of_plain(stock)
        kind = stock.special_type if tray is Tray.SPECIAL else ""
        if not source and not kind:
            return Attribute("media", Tag.KEYWORD, (A4,))
        size = tuple(
            Attribute(f"{axis}-dimension", Tag.INTEGER, (side,)) for axis, side in zip("xy", A4_SIZE, strict=True)
        )
        members = [Attribute("media-size", Tag.BEGIN_COLLECTION, (Collection(size),))]
        if source:
            members.append(Attribute("media-source", Tag.KEYWORD, (source,)))
        if kind:
            members.append(Attribute("media-type", Tag.KEYWORD, (kind,)))
        return Attribute("media-col", Tag.BEGIN_COLLECTION, (Collection(tuple(members)),))

    # --- jobs -------------------------------------------------------------------------------------------------------

    async def follow(self, job: PrintJob) -> AsyncIterator[JobProgress]:
        evidence = self._evidence_for(job.job_name)
        follower = JobFollower(self._client, self._look_at_printer, self._no_answer, self._timing, job, evidence)
        async with contextlib.aclosing(follower.follow()) as looks:
            async for progress in looks:
                self._note_count(job, progress)
                if progress.state is JobState.COMPLETED:
                    self._count(job, progress)
                elif progress.state is JobState.ABORTED and progress.reasons & _UNREADABLE:
                    self._misreads_pdf = True
                elif NO_SHEET in progress.reasons:
                    self._mistrusted = True
                    self._show(self._told)
                yield progress

    async def find_job(self, job_name: str) -> tuple[PrintJob, JobProgress] | None:
        """None only when the printer answered and knows no such job. If it cannot be asked, or lists jobs that may be
        ours and does not tell: job id 0, UNKNOWN."""
        search = JobSearch(job_name, self._evidence_for(job_name).job_id)
        # In this order: a job that ends between the two questions is in the second answer.
        for which in ("not-completed", "completed"):
            reply = await self._client.request(
                Operation.GET_JOBS,
                (
                    USER,
                    Attribute("requested-attributes", Tag.KEYWORD, JOB_ATTRIBUTES),
                    Attribute("which-jobs", Tag.KEYWORD, (which,)),
                    Attribute("my-jobs", Tag.BOOLEAN, (False,)),
                ),
            )
            if isinstance(reply, IppFault) or reply.code > Status.LAST_SUCCESS:
                log.warning("document_job_search_failed", cause=describe(reply))
                return PrintJob(0, job_name), JobProgress(JobState.UNKNOWN, reasons=NO_ANSWER)
            groups = tuple(reply.all_groups(GroupTag.JOB))
            self._counts_sheets = self._counts_sheets or any(job_progress(group).sheets_done for group in groups)
            if found := search.look(groups):
                return self._found(job_name, *found)
        if found := search.best_guess():
            return self._found(job_name, *found)
        if search.perhaps:
            log.warning("document_job_names_withheld")
            return PrintJob(0, job_name), JobProgress(JobState.UNKNOWN, reasons=frozenset({"job-name-withheld"}))
        return None

    def _found(self, job_name: str, job_id: int, group: Group) -> tuple[PrintJob, JobProgress]:
        progress = job_progress(group)
        out = self._evidence_for(job_name).sheets_out(progress.sheets_done, None)
        return PrintJob(job_id, job_name), replace(progress, sheets_done=out)

    async def cancel(self, job: PrintJob) -> JobProgress:
        """A job that has already ended keeps its state; one that does not end in time is returned as it is."""
        reply = await self._client.request(
            Operation.CANCEL_JOB, (Attribute("job-id", Tag.INTEGER, (job.job_id,)), USER)
        )
        log.info("document_job_cancel", job_id=job.job_id, answer=describe(reply))
        progress = JobProgress(JobState.UNKNOWN, reasons=NO_ANSWER)
        try:
            async with asyncio.timeout(self._timing.cancel_s):
                async for progress in self.follow(job):  # noqa: B007 - the last one counts
                    pass
        except TimeoutError:
            log.warning("document_job_cancel_slow", job_id=job.job_id, state=progress.state.value)
        return progress

    def _remember(self, job_name: str, evidence: Evidence) -> None:
        self._evidence[job_name] = evidence
        while len(self._evidence) > _KEPT_EVIDENCE:
            del self._evidence[next(iter(self._evidence))]

    def _evidence_for(self, job_name: str) -> Evidence:
        """Of a job that was submitted before a restart there is little."""
        return self._evidence.get(job_name) or Evidence(counts_sheets=self._counts_sheets)

    def _note_count(self, job: PrintJob, progress: JobProgress) -> None:
        if progress.sheets_done:
            self._counts_sheets = True
            if job.job_name in self._evidence:
                self._evidence[job.job_name] = replace(self._evidence[job.job_name], seen=progress.sheets_done)

    def _count(self, job: PrintJob, progress: JobProgress) -> None:
        self._mistrusted = False
        evidence = self._evidence.pop(job.job_name, None)
        if evidence is None:
            return  # counted before, or not of our time
        before, now = evidence.impressions, self._counters.get("impressions")
        self._counter_moves = self._counter_moves or (before is not None and now is not None and now > before)
        self._counters["jobs"] += 1
        self._counters["sheets"] += progress.sheets_done or 0
        if job.job_name in self._special_jobs:
            self._special_jobs.discard(job.job_name)
            self._counters["special_sheets"] = self._counters.get("special_sheets", 0) + (progress.sheets_done or 0)
        self._show(self._told)

    # --- status -----------------------------------------------------------------------------------------------------

    async def _look_at_printer(self, *, with_facts: bool = False) -> PrinterLook | None:
        """Ask the printer, and keep its status."""
        with_facts = with_facts or self._facts is None
        wanted: tuple[str, ...] = (*STATE_ATTRIBUTES, *SUPPLY_ATTRIBUTES)
        wanted += FACT_ATTRIBUTES if with_facts else (LOADED_ATTRIBUTE,) if self._stock.has_special else ()
        reply = await self._client.request(
            Operation.GET_PRINTER_ATTRIBUTES, (Attribute("requested-attributes", Tag.KEYWORD, wanted),)
        )
        look = read_printer(reply, self._ignored, self._stock)
        if look is None:
            self._no_answer(reply)
            return None
        if with_facts and isinstance(reply, IppMessage):
            self._facts = read_facts(reply)
            if self._identity not in ("", self._facts.identity):
                self._counts_sheets = self._counter_moves = False  # another printer stands there
            self._identity = self._facts.identity
        if look.supplies.loaded is None and self._facts is not None:
            look = replace(look, supplies=replace(look.supplies, loaded=self._facts.loaded))
        if look.supplies.impressions is not None:
            self._counters["impressions"] = look.supplies.impressions
        self._show(device_status(look, reply, self._stock))
        return look

    def _no_answer(self, reply: IppMessage | IppFault) -> None:
        """Nothing usable came back: unknown is never OK."""
        self._facts = None  # after a silence it may be another printer
        self._mistrusted = False
        fault = _submit_fault(reply) if isinstance(reply, IppFault) else SubmitFault.OFFLINE
        self._unasked = SubmitFault.OFFLINE if fault is SubmitFault.UNKNOWN else fault
        self._show(device_status(None, reply, self._stock))

    def _show(self, status: DeviceStatus) -> None:
        self._told = status
        if self._mistrusted and status.device in (DeviceState.ONLINE, DeviceState.BUSY):
            told = "says completed, counts no sheet"
            status = replace(status, device=DeviceState.HARDWARE_ERROR, action=Action.MAINTENANCE, detail=told)
        status = replace(status, counters=dict(self._counters), identity=self._identity)
        if not status.same_trouble(self._status):
            log.info("document_printer_status", device=status.device.value, detail=status.detail)
        self._status = status


def _submit_outcome(reply: IppMessage | IppFault, job_name: str, tray: Tray) -> PrintJob | SubmitFault:
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
    if reply.code == Status.ATTRIBUTES_NOT_SUPPORTED and tray is Tray.SPECIAL:
        return SubmitFault.NO_MEDIA
    message = " ".join(reply.group(GroupTag.OPERATION).strings("status-message"))
    if "printing another job" in message:
        return SubmitFault.BUSY
    # Refused for sure; after any other error the printer had the document, and may have begun with it.
    refused = 0x0400 <= reply.code < 0x0500 or reply.code in _NEVER_LOOKED_AT
    return SubmitFault.REJECTED if refused else SubmitFault.UNKNOWN


def _submit_fault(fault: IppFault) -> SubmitFault:
    if fault.kind in (FaultKind.UNREACHABLE, FaultKind.NOT_TRUSTED):
        return SubmitFault.OFFLINE
    if fault.http_status == 503:
        return SubmitFault.BUSY
    if 400 <= fault.http_status < 500:
        return SubmitFault.REJECTED
    return SubmitFault.UNKNOWN
