"""Reading Get-Printer-Attributes and job attributes into the port's terms. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.document_printer.client import FaultKind, IppFault, Status
from drivers.document_printer.ipp_codec import IppMessage
from drivers.document_printer.ipp_values import Group, GroupTag
from drivers.document_printer.port import JobProgress, JobState
from drivers.document_printer.reasons import PAPER, TONER, Verdict, judge
from drivers.status import Action, DeviceState, DeviceStatus, SupplyState

IDLE, PROCESSING, STOPPED = 3, 4, 5  # printer-state (RFC 8011 §5.4.11)

JOB_STATES = {  # job-state (RFC 8011 §5.3.7)
    3: JobState.PENDING,
    4: JobState.PENDING,
    5: JobState.PROCESSING,
    6: JobState.STOPPED,
    7: JobState.CANCELED,
    8: JobState.ABORTED,
    9: JobState.COMPLETED,
}

NO_ANSWER = frozenset({"no-answer"})


@dataclass(frozen=True)
class PrinterLook:
    """One usable answer of the printer about itself."""

    state: int
    verdict: Verdict
    accepting: bool = True
    formats: tuple[str, ...] = ()
    scalings: tuple[str, ...] = ()


def describe(reply: IppMessage | IppFault) -> str:
    """For logs: codes only, for a status-message may quote a job's name."""
    if isinstance(reply, IppFault):
        return f"{reply.kind} {reply.detail}".strip()
    return f"status 0x{reply.code:04x}"


def read_printer(reply: IppMessage | IppFault, ignored: frozenset[str]) -> PrinterLook | None:
    """None when the answer does not tell the printer's state and its reasons: unknown is never OK."""
    if isinstance(reply, IppFault) or reply.code > Status.LAST_SUCCESS:
        return None
    group = reply.group(GroupTag.PRINTER)
    state, reasons = group.integer("printer-state"), group.get("printer-state-reasons")
    if state not in (IDLE, PROCESSING, STOPPED) or reasons is None or not reasons.strings():
        return None
    return PrinterLook(
        state,
        judge(reasons.strings(), ignored),
        group.boolean("printer-is-accepting-jobs") is not False,
        group.strings("document-format-supported"),
        group.strings("print-scaling-supported"),
    )


def device_status(look: PrinterLook | None, reply: IppMessage | IppFault) -> DeviceStatus:
    """Supplies: "paper", "toner". A printer at work is BUSY."""
    if look is None:
        silent = isinstance(reply, IppFault) and reply.kind is not FaultKind.MALFORMED
        supplies = {PAPER: SupplyState.UNKNOWN, TONER: SupplyState.UNKNOWN}
        device = DeviceState.OFFLINE if silent else DeviceState.UNKNOWN
        return DeviceStatus(device, supplies, Action.RESET, describe(reply))
    verdict = look.verdict
    device, action, detail = DeviceState.ONLINE, verdict.action, ", ".join(sorted(verdict.keywords))
    if verdict.device is not None:
        device = verdict.device
    elif look.state == STOPPED and not verdict.hard:
        device, action, detail = DeviceState.OFFLINE, Action.CLEAR, detail or "stopped without a reason"
    elif not look.accepting:
        device, action, detail = DeviceState.OFFLINE, Action.CLEAR, detail or "not accepting jobs"
    elif look.state == PROCESSING:
        device = DeviceState.BUSY
    return DeviceStatus(device, verdict.supplies, action, detail)


def job_progress(group: Group) -> JobProgress:
    """What the job says of itself. Completed with errors is not completed: what came out cannot be trusted."""
    reasons = frozenset(group.strings("job-state-reasons")) - {"none"}  # these carry no severity suffix
    state = JOB_STATES.get(group.integer("job-state") or 0, JobState.UNKNOWN)
    if state is JobState.COMPLETED and "job-completed-with-errors" in reasons:
        state = JobState.ABORTED
    sheets = (group.integer("job-media-sheets-completed"), group.integer("job-impressions-completed"))
    return JobProgress(state, max((n for n in sheets if n is not None), default=0), reasons)
