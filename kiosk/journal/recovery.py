"""Resolving open intents by asking the other side what really happened, never by guessing, never by doing it twice.

Runs at start (after a crash or a pulled plug) and after every session: a journey that was cancelled is resolved in
just the way a killed one is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from backend.contract.kiosk_api import (
    CertificateState,
    DeliveryOutcome,
    DeliveryReport,
    IssuedCertificate,
    Payment,
    PaymentState,
    ProblemCode,
    Rating,
    ReceiptReport,
)
from backend.contract.service_api import CaseReceipt, ServiceProblem
from drivers.document_printer.port import FINAL_STATES, DocumentPrinter, JobProgress, JobState, PrintJob
from drivers.receipt_printer.port import Receipt, ReceiptPrinter
from kiosk.journal.journal import Intent, IntentKind, Journal, Outcome, Phase
from kiosk.journal.slips import COUNTER_PATIENCE, Slip, judge_slip, print_slip
from kiosk.link.client import BackendLink, Fault, Refusal, Unreachable

log = structlog.get_logger()
# A printer forgets finished jobs after a while (a minute for some); after that, "not found" proves nothing.
_JOB_MEMORY = timedelta(seconds=45)
_PRINTER_PATIENCE = timedelta(minutes=10)  # a printer that stays silent longer will not tell any more
_SLIP_PATIENCE_S = 30.0  # for the receipt printer to be ready after a restart, before the money goes back
_REQUEST_PATIENCE = timedelta(seconds=45)  # longer than any request and its repeats can take
_GIVE_UP = timedelta(days=7)  # of a backend that answers, and every time with a refusal nobody has foreseen
_CASE_SLIP_PATIENCE = timedelta(minutes=15)  # whoever handed a case in has gone by then, and can ask 12345
_PRINTED = {
    "yes": DeliveryOutcome.PRINTED,
    "no": DeliveryOutcome.NOT_PRINTED,
    "unknown": DeliveryOutcome.UNKNOWN,
}
_NOT_FOUND = ProblemCode.NOT_FOUND.value

SlipMaker = Callable[[Payment | CaseReceipt, bool], Receipt]


class Recovery:
    """`slip(done, copy)` makes the slip for a payment or a case; injected, because slips are the journeys' wording."""

    def __init__(
        self,
        journal: Journal,
        link: BackendLink,
        *,
        document_printer: DocumentPrinter | None,
        receipt_printer: ReceiptPrinter | None,
        slip: SlipMaker,
        slip_patience_s: float = _SLIP_PATIENCE_S,
        request_patience: timedelta = _REQUEST_PATIENCE,
        counter_patience: timedelta = COUNTER_PATIENCE,
        case_slip_patience: timedelta = _CASE_SLIP_PATIENCE,
        give_up: timedelta = _GIVE_UP,
    ) -> None:
        self._journal = journal
        self._link = link
        self._document_printer = document_printer
        self._receipt_printer = receipt_printer
        self._slip = slip
        self._slip_patience_s = slip_patience_s
        self._request_patience = request_patience
        self._counter_patience = counter_patience
        self._case_slip_patience = case_slip_patience
        self._give_up = give_up
        self._one_at_a_time = asyncio.Lock()

    async def resolve_open(self) -> int:
        """Resolve what can be resolved now; returns how many intents stay open (to be tried again)."""
        async with self._one_at_a_time:
            # First, and without the backend: the printer's counter speaks only until the next slip is printed.
            for slip in await self._journal.open_intents():
                if slip.kind is IntentKind.RECEIPT:
                    await judge_slip(self._journal, self._receipt_printer, slip, self._counter_patience)
            for intent in await self._journal.open_intents():
                if intent.kind is IntentKind.CERTIFICATE:
                    await self._certificate(intent)
                elif intent.kind is IntentKind.PAYMENT:
                    await self._payment(intent)
                elif intent.kind is IntentKind.CASE:
                    await self._case(intent)
            await self._flush_outbox()
            left = len(await self._journal.open_intents())
        if left:
            log.warning("intents_open", count=left)
        return left

    # --- certificates -----------------------------------------------------------------------------------------------

    async def _certificate(self, intent: Intent) -> None:
        if intent.phase is Phase.BEGUN:
            issued = await self._link.certificate(intent.id)
            if isinstance(issued, Refusal) and issued.code == _NOT_FOUND:
                # A request we gave up may still be worked on: only after a while does "unknown" mean "never".
                if datetime.now(UTC) - intent.updated_at > self._request_patience:
                    await self._settle(intent, Outcome.NEVER_HAPPENED)
            elif isinstance(issued, Refusal):
                await self._refused(intent, issued)
            elif isinstance(issued, IssuedCertificate):
                await self._report(intent, DeliveryOutcome.NOT_PRINTED)
            return
        printed = intent.detail.get("printed")  # known before we died; the printer may have forgotten it since
        outcome = _PRINTED[printed] if isinstance(printed, str) else await self._ask_printer(intent)
        if outcome is not None:
            await self._report(intent, outcome)

    async def _ask_printer(self, intent: Intent) -> DeliveryOutcome | None:
        """What became of the print; None: ask again later."""
        printer = self._document_printer
        age = datetime.now(UTC) - intent.updated_at
        if printer is None:
            return DeliveryOutcome.UNKNOWN
        found = await printer.find_job(intent.id)
        if found is not None:
            progress = await self._to_its_end(printer, *found)
            if progress.state is JobState.COMPLETED:
                return DeliveryOutcome.PRINTED
            if progress.state in FINAL_STATES:
                return DeliveryOutcome.NOT_PRINTED if progress.sheets_done == 0 else DeliveryOutcome.UNKNOWN
            return None if age < _PRINTER_PATIENCE else DeliveryOutcome.UNKNOWN
        if not (await printer.refresh()).ready and age < _PRINTER_PATIENCE:
            return None
        if intent.phase is Phase.PRINTING and age < _JOB_MEMORY:
            return DeliveryOutcome.NOT_PRINTED  # it would still remember: it never got the job
        return DeliveryOutcome.UNKNOWN

    async def _to_its_end(self, printer: DocumentPrinter, job: PrintJob, progress: JobProgress) -> JobProgress:
        """The resident has gone: a job that has stopped is cancelled, a running one is waited for. A completed one is
        followed too: the driver believes it only when the device is idle and no sheet is stuck in it."""
        if not job.job_id or progress.state in (JobState.CANCELED, JobState.ABORTED):
            return progress
        async for look in printer.follow(job):
            progress = look
            if look.state is JobState.STOPPED:
                return await printer.cancel(job)
        return progress

    async def _report(self, intent: Intent, outcome: DeliveryOutcome) -> None:
        why = str(intent.detail.get("reason", ""))
        answer = await self._link.report_delivery(intent.id, DeliveryReport(outcome=outcome, reason=why))
        if isinstance(answer, IssuedCertificate):
            # The backend's state wins: it may already have been told before we died.
            await self._settle(
                intent,
                {
                    CertificateState.DELIVERED: Outcome.DONE,
                    CertificateState.VOIDED: Outcome.VOIDED,
                }.get(answer.state, Outcome.UNKNOWN),
            )
        elif isinstance(answer, Refusal) and answer.code == _NOT_FOUND:
            await self._settle(intent, Outcome.NEVER_HAPPENED)
        elif isinstance(answer, Refusal):
            await self._refused(intent, answer)

    # --- payments ---------------------------------------------------------------------------------------------------

    async def _payment(self, intent: Intent) -> None:
        payment: Payment | Fault = await self._link.payment(intent.id)
        if isinstance(payment, Refusal) and payment.code == _NOT_FOUND:
            await self._settle(intent, Outcome.NEVER_HAPPENED)
            return
        if isinstance(payment, Payment) and payment.state in (
            PaymentState.CREATED,
            PaymentState.PENDING,
            PaymentState.UNKNOWN,
        ):
            payment = await self._link.close_payment(intent.id)
        if isinstance(payment, Payment) and payment.state is PaymentState.PAID and payment.posted:
            # Not booked yet: asked again later; a slip must not say more than is true.
            payment = await self._hand_over(intent, payment)
        if isinstance(payment, Refusal):
            await self._refused(intent, payment)
        if not isinstance(payment, Payment):
            return
        outcome = {
            PaymentState.CLOSED: Outcome.CLOSED,
            PaymentState.DELIVERED: Outcome.DONE,
            PaymentState.REFUNDED: Outcome.REFUNDED,
        }.get(payment.state)
        if outcome is not None:
            await self._settle(intent, outcome)

    async def _hand_over(self, intent: Intent, payment: Payment) -> Payment | Fault:
        """Paid, and nobody has confirmed a slip: find out whether one came out, else print it, else give the money
        back."""
        slips = [child for child in await self._journal.children(intent.id) if child.kind is IntentKind.RECEIPT]
        outcomes = [slip.outcome for slip in slips]
        if Outcome.DONE in outcomes:
            return await self._link.report_receipt(intent.id, ReceiptReport(outcome="printed"))
        if None in outcomes:
            return payment  # its counter will tell
        slip = await self._print_slip(intent, payment, copy=Outcome.UNKNOWN in outcomes)
        if slip is Slip.NOT_KNOWN:
            return payment
        printed = slip is Slip.PRINTED
        return await self._link.report_receipt(
            intent.id, ReceiptReport(outcome="printed" if printed else "unprintable")
        )

    async def _print_slip(self, intent: Intent, payment: Payment, *, copy: bool) -> Slip:
        if self._receipt_printer is None or not await self._ready(self._receipt_printer):
            return Slip.NOT_PRINTED
        return await self._out(self._receipt_printer, intent, self._slip(payment, copy))

    async def _out(self, printer: ReceiptPrinter, intent: Intent, receipt: Receipt) -> Slip:
        return await print_slip(
            self._journal, printer, receipt, session=intent.session, service=intent.service, parent=intent.id
        )

    async def _ready(self, printer: ReceiptPrinter) -> bool:
        loop = asyncio.get_running_loop()
        until = loop.time() + self._slip_patience_s
        while not (await printer.refresh()).ready:
            if loop.time() >= until:
                return False
            await asyncio.sleep(0.5)
        return True

    # --- cases ------------------------------------------------------------------------------------------------------

    async def _case(self, intent: Intent) -> None:
        """Did it arrive? Then whoever handed it in is owed its slip: it is printed once, as soon as the printer can;
        after a while no more, because nobody waits for it beside the machine."""
        receipt = await self._link.case(intent.id)
        age = datetime.now(UTC) - intent.updated_at
        if isinstance(receipt, Refusal):
            # As with certificates: only after a while does "unknown" mean "never".
            if receipt.code == ServiceProblem.REFUSED_BY_DEPARTMENT or (
                receipt.code == _NOT_FOUND and age > self._request_patience
            ):
                await self._settle(intent, Outcome.NEVER_HAPPENED)
            elif receipt.code != _NOT_FOUND:
                await self._refused(intent, receipt)
        elif isinstance(receipt, CaseReceipt) and await self._case_slip_out(intent, receipt, age):
            await self._settle(intent, Outcome.DONE)

    async def _case_slip_out(self, intent: Intent, receipt: CaseReceipt, age: timedelta) -> bool:
        """Nothing more is owed: the slip is out, or it is too late for it."""
        slips = [child for child in await self._journal.children(intent.id) if child.kind is IntentKind.RECEIPT]
        outcomes = [slip.outcome for slip in slips]
        if Outcome.DONE in outcomes:
            return True
        if None in outcomes:
            return False  # its counter will tell
        printer = self._receipt_printer
        if printer is not None and (await printer.refresh()).ready:
            copy = Outcome.UNKNOWN in outcomes
            if await self._out(printer, intent, self._slip(receipt, copy)) is Slip.PRINTED:
                return True
        if age > self._case_slip_patience:
            log.warning("case_slip_given_up", intent=intent.id)
            return True
        return False

    # --- the rest ---------------------------------------------------------------------------------------------------

    async def _flush_outbox(self) -> None:
        for item in await self._journal.outbox():
            answer = await self._link.rate(Rating.model_validate(item.body))
            if isinstance(answer, Unreachable):
                return
            await self._journal.delivered(item.id)

    async def _refused(self, intent: Intent, refusal: Refusal) -> None:
        """Asked again for some days; then a person has to look: the error is told with the heartbeat."""
        if datetime.now(UTC) - intent.created_at > self._give_up:
            log.error("intent_given_up", intent=intent.id, kind=intent.kind.value, code=refusal.code)
            await self._settle(intent, Outcome.UNKNOWN)

    async def _settle(self, intent: Intent, outcome: Outcome) -> None:
        log.info("intent_resolved", intent=intent.id, kind=intent.kind.value, outcome=outcome.value)
        await self._journal.settle(intent.id, outcome)
