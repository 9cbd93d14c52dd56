"""A job from acceptance to its end, asking job and printer in the same tick.

"Completed" is the printer's word. It is believed once the printer is idle, nothing may be left in its paper path, and
the counters it keeps have moved; a job that the printer no longer knows, or that is another's by now, is UNKNOWN.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, replace

import structlog

from drivers.document_printer.client import IppClient, IppFault, Operation, Status
from drivers.document_printer.ipp_values import Attribute, GroupTag, Tag
from drivers.document_printer.job_names import may_be_ours
from drivers.document_printer.port import FINAL_STATES, JobProgress, JobState, PrintJob
from drivers.document_printer.printer_status import IDLE, NO_ANSWER, STOPPED, PrinterLook, job_progress
from drivers.document_printer.reasons import IN_PAPER_PATH

log = structlog.get_logger()

JOB_ATTRIBUTES = (
    "job-id",
    "job-name",
    "job-state",
    "job-state-reasons",
    "job-impressions-completed",
    "job-media-sheets-completed",
)
USER = Attribute("requesting-user-name", Tag.NAME, ("kiosk",))
_NOT_FOUND = JobProgress(JobState.UNKNOWN, None, frozenset({"job-not-found"}))
_ANOTHER = JobProgress(JobState.UNKNOWN, None, frozenset({"job-of-another"}))
NO_SHEET = "no-sheet-counted"


@dataclass(frozen=True)
class Timing:
    """All in seconds. `silence_s`: without an answer for so long, a followed job is UNKNOWN. `settle_s`: how long a
    completed job waits for the printer to fall idle and for its counters to move. `cancel_s`: how long `cancel` waits
    for the job's end."""

    poll_s: float = 0.7
    silence_s: float = 20.0
    settle_s: float = 5.0
    cancel_s: float = 10.0


@dataclass(frozen=True)
class Evidence:
    """What must have moved when a sheet came out. `impressions`: the printer's counter before the job, None where it
    has none; `counter_moves`: it has been seen to follow a job at once. `counts_sheets`: the printer has been seen to
    count a job's sheets. `seen`: the most it has counted of this one; some forget the count at the end.
    `job_id`: 0 until the printer has told it."""

    impressions: int | None = None
    counter_moves: bool = False
    counts_sheets: bool = False
    seen: int = 0
    job_id: int = 0

    def sheets_out(self, told: int | None, printer: PrinterLook | None) -> int | None:
        """What follows from the count the job tells: 0 only when a sheet would have been noticed."""
        if told or self.seen:
            return max(told or 0, self.seen)
        now = printer.supplies.impressions if printer is not None else None
        if self.impressions and now is not None:
            if now != self.impressions:
                return None  # something has come out
            if self.counter_moves:
                return 0
        return told if self.counts_sheets else None

    def moved(self, progress: JobProgress, printer: PrinterLook) -> bool:
        now = printer.supplies.impressions
        counted = bool(self.impressions) and now is not None  # some printers have the counter, and leave it at 0
        if counted and self.counter_moves:
            return now != self.impressions  # the engine's own word
        if progress.sheets_done:
            return True
        return now != self.impressions if counted else not self.counts_sheets


@dataclass(frozen=True)
class _Completed:
    """The printer calls the job completed."""

    progress: JobProgress
    printer: PrinterLook

    def believed(self, evidence: Evidence, waited_enough: bool) -> JobProgress:
        if self.printer.verdict.keywords & IN_PAPER_PATH:
            return replace(self.progress, state=JobState.STOPPED)
        if not evidence.moved(self.progress, self.printer):
            if not waited_enough:
                return replace(self.progress, state=JobState.PROCESSING)
            return replace(self.progress, state=JobState.UNKNOWN, reasons=self.progress.reasons | {NO_SHEET})
        # The job's last sheet may have been the tray's last: such a printer is stopped, and the sheet is out.
        if self.printer.state == IDLE or self.printer.verdict.hard or waited_enough:
            return self.progress
        return replace(self.progress, state=JobState.PROCESSING)


class JobFollower:
    """`look_at_printer` asks the printer and keeps its status; None when there is no usable answer. `no_answer` hears
    of a fault that came before the printer could be asked."""

    def __init__(
        self,
        client: IppClient,
        look_at_printer: Callable[[], Awaitable[PrinterLook | None]],
        no_answer: Callable[[IppFault], None],
        timing: Timing,
        job: PrintJob,
        evidence: Evidence,
    ) -> None:
        self._client = client
        self._look_at_printer = look_at_printer
        self._no_answer = no_answer
        self._timing = timing
        self._job = job
        self._evidence = evidence

    async def follow(self) -> AsyncGenerator[JobProgress, None]:
        """Every change, until the job is final or UNKNOWN."""
        loop = asyncio.get_running_loop()
        heard = loop.time()
        completed_at: float | None = None
        last: JobProgress | None = None
        while True:
            progress: JobProgress | None
            look = await self._look()
            if isinstance(look, _Completed):
                completed_at = completed_at or loop.time()
                if last is not None:  # some printers forget the count at the end
                    look = replace(look, progress=_not_less(look.progress, last))
                progress = look.believed(self._evidence, loop.time() - completed_at >= self._timing.settle_s)
            else:
                progress = look
            if progress is not None:
                heard = loop.time()
                if last is not None:
                    progress = _not_less(progress, last)
            elif loop.time() - heard >= self._timing.silence_s:
                progress = JobProgress(JobState.UNKNOWN, last.sheets_done if last else None, NO_ANSWER)
            if progress is not None and progress != last:
                last = progress
                _log_progress(self._job, progress)
                yield progress
                if progress.state in FINAL_STATES or progress.state is JobState.UNKNOWN:
                    return
            await asyncio.sleep(self._timing.poll_s)

    async def _look(self) -> JobProgress | _Completed | None:
        """The job and the printer in the same tick; None if there is no usable answer."""
        reply = await self._client.request(
            Operation.GET_JOB_ATTRIBUTES,
            (
                Attribute("job-id", Tag.INTEGER, (self._job.job_id,)),
                USER,
                Attribute("requested-attributes", Tag.KEYWORD, JOB_ATTRIBUTES),
            ),
        )
        if isinstance(reply, IppFault):
            self._no_answer(reply)
            return None
        if reply.code in (Status.NOT_FOUND, Status.GONE):
            return _NOT_FOUND
        group = reply.group(GroupTag.JOB)
        progress = job_progress(group)
        if reply.code > Status.LAST_SUCCESS or progress.state is JobState.UNKNOWN:
            return None
        if not may_be_ours(self._job.job_name, group):  # switched off and on, it counts its jobs from 1 again
            return _ANOTHER
        printer = await self._look_at_printer()
        progress = replace(progress, sheets_done=self._evidence.sheets_out(progress.sheets_done, printer))
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


def _not_less(progress: JobProgress, last: JobProgress) -> JobProgress:
    return (
        replace(progress, sheets_done=max(progress.sheets_done or 0, last.sheets_done))
        if last.sheets_done
        else progress
    )


def _log_progress(job: PrintJob, progress: JobProgress) -> None:
    log.info(
        "document_job",
        job_id=job.job_id,
        state=progress.state.value,
        sheets=progress.sheets_done,
        reasons=sorted(progress.reasons),
    )
