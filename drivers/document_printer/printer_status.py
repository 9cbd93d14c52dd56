"""Reading Get-Printer-Attributes and job attributes into the port's terms. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.document_printer.client import FaultKind, IppFault, Status
from drivers.document_printer.formats import read_raster
from drivers.document_printer.ipp_codec import IppMessage
from drivers.document_printer.ipp_values import Group, GroupTag
from drivers.document_printer.port import JobProgress, JobState
from drivers.document_printer.pwg_raster import RasterFormat
from drivers.document_printer.reasons import PAPER, TONER, Verdict, judge
from drivers.document_printer.supplies import LOADED_ATTRIBUTE, Loaded, Stock, Supplies, read_loaded, read_supplies
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

_EMPTY = frozenset({"media-empty", "media-low"})
_WANTS = {  # HTTP status: what is to be set up
    401: "wants a password",
    403: "does not let this terminal print",
    404: "no printer at this path",
    426: "wants TLS, use an ipps: address",
}
NO_ANSWER = frozenset({"no-answer"})


@dataclass(frozen=True)
class PrinterFacts:
    """What does not change while a printer is on."""

    formats: tuple[str, ...] = ()
    scalings: tuple[str, ...] = ()
    raster: RasterFormat | None = None
    sources: tuple[str, ...] = ()  # media-source-supported
    loaded: tuple[Loaded, ...] | None = None
    identity: str = ""


FACT_ATTRIBUTES = (
    "document-format-supported",
    "print-scaling-supported",
    "pwg-raster-document-resolution-supported",
    "pwg-raster-document-type-supported",
    "color-supported",
    "media-source-supported",
    LOADED_ATTRIBUTE,
    "printer-make-and-model",
    "printer-serial-number",
    "printer-uuid",
)
STATE_ATTRIBUTES = ("printer-state", "printer-state-reasons", "printer-is-accepting-jobs")


@dataclass(frozen=True)
class PrinterLook:
    """One usable answer of the printer about itself."""

    state: int
    verdict: Verdict
    supplies: Supplies
    accepting: bool = True


def describe(reply: IppMessage | IppFault) -> str:
    """For logs: codes only, for a status-message may quote a job's name."""
    if isinstance(reply, IppFault):
        return f"{reply.kind} {reply.detail}".strip()
    return f"status 0x{reply.code:04x}"


def read_facts(reply: IppMessage) -> PrinterFacts:
    group = reply.group(GroupTag.PRINTER)
    return PrinterFacts(
        group.strings("document-format-supported"),
        group.strings("print-scaling-supported"),
        read_raster(group),
        group.strings("media-source-supported"),
        read_loaded(group),
        _identity(group),
    )


def _identity(group: Group) -> str:
    """Make, model and a number by which one printer is known from another of its kind."""
    number = group.strings("printer-serial-number") or group.strings("printer-uuid")
    words = (*group.strings("printer-make-and-model")[:1], *number[:1])
    return "".join(char for char in " ".join(words) if char.isprintable())[:120]


def read_printer(reply: IppMessage | IppFault, ignored: frozenset[str], stock: Stock) -> PrinterLook | None:
    """None when the answer does not tell the printer's state and its reasons: unknown is never OK."""
    if isinstance(reply, IppFault) or reply.code > Status.LAST_SUCCESS:
        return None
    group = reply.group(GroupTag.PRINTER)
    state, reasons = group.integer("printer-state"), group.get("printer-state-reasons")
    if state not in (IDLE, PROCESSING, STOPPED) or reasons is None or not reasons.strings():
        return None
    supplies = read_supplies(group)
    if state != STOPPED and stock.has_special and supplies.plain_filled(stock):
        ignored |= _EMPTY  # some other tray is: ordinary pages can be printed
    accepting = group.boolean("printer-is-accepting-jobs") is not False
    return PrinterLook(state, judge(reasons.strings(), ignored), supplies, accepting)


def device_status(look: PrinterLook | None, reply: IppMessage | IppFault, stock: Stock) -> DeviceStatus:
    """Supplies: "paper", "toner". A printer at work is BUSY. An empty special tray calls a clerk and stops nobody else:
    it is in `levels` and in `detail`."""
    if look is None:
        return _no_look(reply)
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
    if stock.has_special and look.supplies.special_filled(stock) is False:
        action = Action.CLEAR if action in (Action.NONE, Action.RESET) else action
        detail = ", ".join(part for part in (detail, "no special stock") if part)
    return DeviceStatus(device, verdict.supplies, action, detail, levels=look.supplies.levels(stock))


def _no_look(reply: IppMessage | IppFault) -> DeviceStatus:
    supplies = {PAPER: SupplyState.UNKNOWN, TONER: SupplyState.UNKNOWN}
    if not isinstance(reply, IppFault) or reply.kind is FaultKind.MALFORMED:
        return DeviceStatus(DeviceState.UNKNOWN, supplies, Action.RESET, describe(reply))
    # What a technician set up, only a technician can mend.
    if reply.kind is FaultKind.NOT_TRUSTED:
        return DeviceStatus(DeviceState.OFFLINE, supplies, Action.MAINTENANCE, reply.detail)
    if told := _WANTS.get(reply.http_status):
        return DeviceStatus(DeviceState.OFFLINE, supplies, Action.MAINTENANCE, f"HTTP {reply.http_status}: {told}")
    return DeviceStatus(DeviceState.OFFLINE, supplies, Action.RESET, describe(reply))


def job_progress(group: Group) -> JobProgress:
    """What the job says of itself; "0 sheets" is also said by printers that never count. Completed with errors is not
    completed: what came out cannot be trusted."""
    reasons = frozenset(group.strings("job-state-reasons")) - {"none"}  # these carry no severity suffix
    state = JOB_STATES.get(group.integer("job-state") or 0, JobState.UNKNOWN)
    if state is JobState.COMPLETED and "job-completed-with-errors" in reasons:
        state = JobState.ABORTED
    told = (group.integer("job-media-sheets-completed"), group.integer("job-impressions-completed"))
    return JobProgress(state, max((n for n in told if n is not None and n >= 0), default=None), reasons)
