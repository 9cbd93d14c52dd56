"""Printing a certificate: intent → print → confirm → settle. Nothing is silently printed twice."""

from __future__ import annotations

import asyncio
from enum import Enum

import structlog

from backend.contract.kiosk_api import DeliveryOutcome, DeliveryReport, IssuedCertificate
from backend.contract.service_api import StockLeft, StockUse
from content.schema.text import Text
from drivers.cabinet.port import Light
from drivers.document_printer.port import DocumentPrinter, JobProgress, JobState, PrintJob, SubmitFault
from drivers.status import DeviceState, DeviceStatus, SupplyState
from kiosk.journal.journal import Intent, Outcome, Phase
from kiosk.journeys import texts
from kiosk.journeys.context import Journey
from kiosk.journeys.steps.messages import tell
from kiosk.journeys.waiting import ended
from kiosk.screens import Choice, Entry, Message, Milestone, Nav, Printing, Tone, Working

log = structlog.get_logger()
_JAM = "media-jam"
_PAPER_REASONS = ("media-empty", "media-needed")
_IDLE_PATIENCE_S = 10.0  # the engine may need a moment to become idle after the last sheet
_ASK_AGAIN_S = 20.0  # whoever waits for a clerk is asked again after this time
_BUSY_TRIES = 10  # a page of somebody else's job: wait a second and try again


class Printed(Enum):
    YES = "yes"
    NO = "no"  # for sure
    UNKNOWN = "unknown"


async def print_certificate(
    journey: Journey, intent: Intent, certificate: IssuedCertificate, pdf: bytes, picture: bytes
) -> Printed:
    """Print, follow the job to its end, report and settle. The resident is told of everything but success."""
    printer = journey.terminal.devices.document_printer
    journey.stage.show(_screen(journey, certificate, picture, sheet=1))
    printed, reason = Printed.NO, "no-printer"
    if printer is not None:
        await journey.terminal.journal.advance(intent.id, Phase.PRINTING)
        job = await submit(printer, pdf, intent.id)
        if isinstance(job, PrintJob):
            await journey.terminal.journal.advance(intent.id, Phase.SUBMITTED, job_id=job.job_id)
            printed, reason = await _follow(journey, printer, job, certificate, picture)
        else:
            printed, reason = Printed.UNKNOWN if job is SubmitFault.UNKNOWN else Printed.NO, job.value
        log.info("certificate_print", intent=intent.id, printed=printed.value, reason=reason)
    if printed is not Printed.NO:
        # Not before the last sheet: who pulls at the first one jams the printer.
        journey.lights.on(Light.DOCUMENT_TRAY)
    await settle_print(journey, intent.id, printed, reason)
    if printed is Printed.NO:
        await tell(journey, Tone.PROBLEM, texts.PRINT_FAILED, texts.PRINT_FAILED_BODY)
    elif printed is Printed.UNKNOWN:
        number = Entry(texts.NUMBER, Text.same(certificate.verification_code))
        await tell(journey, Tone.PROBLEM, texts.PRINT_UNKNOWN, texts.PRINT_UNKNOWN_BODY, entries=(number,))
    return printed


async def settle_print(journey: Journey, intent_id: str, printed: Printed, reason: str = "") -> None:
    """Write the verdict down, tell the backend, settle. Where the backend is gone the intent stays open and recovery
    tells it later, from the journal: by then the printer may have forgotten the job. `reason`: the printer's keyword
    for what kept the sheet."""
    known = await journey.terminal.journal.get(intent_id)
    await journey.terminal.journal.advance(intent_id, known.phase, printed=printed.value, reason=reason)
    report, outcome = {
        Printed.YES: (DeliveryOutcome.PRINTED, Outcome.DONE),
        Printed.NO: (DeliveryOutcome.NOT_PRINTED, Outcome.VOIDED),
        Printed.UNKNOWN: (DeliveryOutcome.UNKNOWN, Outcome.UNKNOWN),
    }[printed]
    await _count_blank(journey, intent_id, printed, reason)
    answer = await journey.terminal.link.report_delivery(intent_id, DeliveryReport(outcome=report, reason=reason))
    if isinstance(answer, IssuedCertificate):
        await journey.terminal.journal.settle(intent_id, outcome)


async def _count_blank(journey: Journey, intent_id: str, printed: Printed, reason: str) -> None:
    """Of counted paper: the sheet is used, or spoilt where it jammed. Told before the delivery, which frees what
    nobody has counted; where this is not heard, the delivery's own outcome and reason say the same."""
    paper = journey.service.certificate
    spoilt = printed is Printed.NO and "jam" in reason
    if paper is None or paper.stock is None or not (spoilt or printed is Printed.YES):
        return
    link = journey.terminal.link
    answer = await link.stock_used(paper.stock, StockUse(intent_id=intent_id, spoilt=spoilt))
    if isinstance(answer, StockLeft):
        link.stock[paper.stock] = answer.left


async def submit(printer: DocumentPrinter, pdf: bytes, job_name: str) -> PrintJob | SubmitFault:
    """The job, also one that the printer has though its answer was lost. A busy printer is asked for a while."""
    for _ in range(_BUSY_TRIES):
        job = await printer.submit(pdf, job_name)
        if job is not SubmitFault.BUSY:
            break
        await asyncio.sleep(1.0)
    if job is SubmitFault.UNKNOWN:
        # The connection broke after bytes went out: ask the printer instead of guessing.
        found = await printer.find_job(job_name)
        return found[0] if found is not None and found[0].job_id else job
    return job


async def _follow(
    journey: Journey, printer: DocumentPrinter, job: PrintJob, certificate: IssuedCertificate, picture: bytes
) -> tuple[Printed, str]:
    """The verdict, and the printer's keyword for what stopped it last ("" where nothing did)."""
    reason = ""
    last = JobProgress(JobState.PENDING)
    held: asyncio.Task[bool] | None = None
    progress = printer.follow(job)
    step = asyncio.ensure_future(anext(progress, None))
    try:
        while True:
            waiting: set[asyncio.Future[object]] = {step}  # type: ignore[arg-type]
            if held is not None:
                waiting.add(held)  # type: ignore[arg-type]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if step.done():
                look = step.result()
                if look is None:
                    break
                last = look
                if look.state is JobState.STOPPED:
                    reason = _reason(look)
                if look.state is JobState.STOPPED and held is None:
                    held = asyncio.ensure_future(_hold(journey, look))
                elif look.state is not JobState.STOPPED:
                    if held is not None:
                        await ended(held)
                        held = None
                    sheet = min((look.sheets_done or 0) + 1, certificate.pages)
                    journey.stage.show(_screen(journey, certificate, picture, sheet=sheet))
                step = asyncio.ensure_future(anext(progress, None))
            elif held is not None and held.done():
                if held.result():
                    last = await printer.cancel(job)
                    break
                held = None
    finally:
        await ended(step, *([held] if held is not None else []))
    if last.state is JobState.COMPLETED:
        return (Printed.YES, "") if await _idle_without_fault(printer) else (Printed.UNKNOWN, _JAM)
    if last.state in (JobState.CANCELED, JobState.ABORTED):
        # A sheet that is out cannot be called back: only a job without one is surely not printed.
        verdict = Printed.NO if last.sheets_done == 0 else Printed.UNKNOWN
        return verdict, reason or _reason(last) or last.state.value
    return Printed.UNKNOWN, reason or last.state.value


def _reason(look: JobProgress) -> str:
    """The keyword that counts: a jam spoils the sheet, whatever else is wrong."""
    return next((each for each in (_JAM, *_PAPER_REASONS) if each in look.reasons), min(look.reasons, default=""))


async def _hold(journey: Journey, look: JobProgress) -> bool:
    """The printer has stopped. True: the resident gives up, or the time to wait is over."""
    log.warning("printer_held", reasons=sorted(look.reasons))
    if any(reason in look.reasons for reason in _PAPER_REASONS):
        body = texts.PRINTER_HELD_BODY["media-empty"]
    else:
        body = texts.PRINTER_HELD_BODY[_JAM if _JAM in look.reasons else "other"]
    screen = Message(
        question=texts.PRINTER_HELD,
        speech=body,
        tone=Tone.PROBLEM,
        body=body,
        buttons=(Choice("wait", texts.KEEP_WAITING), Choice("give-up", texts.GIVE_UP_PRINT)),
        trail=journey.trail(5),
        idle_s=None,
    )
    waiting = Working(
        question=texts.PRINTER_WAITING,
        speech=texts.PRINTER_WAITING,
        trail=journey.trail(5),
        milestones=(Milestone(texts.CERTIFICATE_ISSUED, "done"), Milestone(texts.PRINTER_HELD, "now")),
    )
    loop = asyncio.get_running_loop()
    until = loop.time() + journey.settings.print_hold_s
    while (left := until - loop.time()) > 0:
        try:
            answer = await asyncio.wait_for(journey.stage.ask(screen), left)
        except TimeoutError:
            return True
        if isinstance(answer, Nav) or answer == "give-up":
            return True
        journey.stage.show(waiting)
        await asyncio.sleep(min(_ASK_AGAIN_S, max(until - loop.time(), 0.0)))
    return True


async def _idle_without_fault(printer: DocumentPrinter) -> bool:
    """ "Completed" counts only when the device itself is idle without a media fault afterwards."""
    loop = asyncio.get_running_loop()
    until = loop.time() + _IDLE_PATIENCE_S
    while loop.time() < until:
        status: DeviceStatus = await printer.refresh()
        if status.supplies.get("paper") is SupplyState.JAMMED:
            return False
        if status.device in (DeviceState.ONLINE, DeviceState.USER_ERROR):
            # Out of paper *after* our sheet is the next resident's matter, not a fault of this print.
            return True
        await asyncio.sleep(0.3)
    return False


def _screen(journey: Journey, certificate: IssuedCertificate, picture: bytes, *, sheet: int) -> Printing:
    sheet_text = texts.SHEET.format(n=sheet, total=certificate.pages)
    return Printing(
        question=texts.PRINTING,
        speech=texts.PRINTING,
        trail=journey.trail(5),
        png=picture,
        sheet=sheet,
        sheets=certificate.pages,
        milestones=(
            Milestone(texts.DONE_VERIFIED, "done"),
            Milestone(texts.CERTIFICATE_ISSUED, "done"),
            Milestone(sheet_text, "now"),
            Milestone(texts.TAKE_CERTIFICATE, "todo"),
        ),
        outlet=texts.OUTLET,
    )
