"""Printing a slip for something that happened: an intent of its own, with the printer's cut counter noted before,
so that afterwards, even after a crash, the printer itself can tell whether the slip came out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import Enum

import structlog

from drivers.receipt_printer.port import Receipt, ReceiptOutcome, ReceiptPrinter
from kiosk.journal.journal import Intent, IntentKind, Journal, Outcome, Phase

log = structlog.get_logger()
# A printer that has stopped cannot be asked for its counter: long enough for a clerk to come with a new roll, short
# enough for the payer who holds no slip to have the money back within the hour.
COUNTER_PATIENCE = timedelta(minutes=15)


class Slip(Enum):
    """What is known of a slip. NOT_KNOWN: its intent is open where the printer's counter may still tell."""

    PRINTED = "printed"
    NOT_PRINTED = "not-printed"
    NOT_KNOWN = "not-known"


_ENDS = {Slip.PRINTED: Outcome.DONE, Slip.NOT_PRINTED: Outcome.NEVER_HAPPENED, Slip.NOT_KNOWN: Outcome.UNKNOWN}
_OUTCOMES = {
    ReceiptOutcome.PRINTED: Outcome.DONE,
    # Refused before a byte went out: surely no slip.
    ReceiptOutcome.PAPER_OUT: Outcome.NEVER_HAPPENED,
    ReceiptOutcome.COVER_OPEN: Outcome.NEVER_HAPPENED,
    ReceiptOutcome.OFFLINE: Outcome.NEVER_HAPPENED,
    # No slip that anybody could take, but perhaps half of one.
    ReceiptOutcome.CUTTER_ERROR: Outcome.UNKNOWN,
    ReceiptOutcome.HARDWARE_ERROR: Outcome.UNKNOWN,
}


async def print_slip(
    journal: Journal,
    printer: ReceiptPrinter | None,
    receipt: Receipt,
    *,
    session: str,
    service: str,
    parent: str,
) -> Slip:
    """An unconfirmed slip counts as printed only if the cutter moved, and as not printed only if it did not. While
    the counter cannot be asked the slip's intent stays open, see `judge_slip`; without a counter nobody can ever
    tell, and the slip counts as not printed: half of one is no proof of payment."""
    if printer is None:
        return Slip.NOT_PRINTED
    if not await _judge_earlier(journal, printer):
        return Slip.NOT_PRINTED
    cuts = await printer.cut_count()
    intent = await journal.begin(
        IntentKind.RECEIPT, session=session, service=service, parent=parent, detail={"cuts_before": cuts}
    )
    intent = await journal.advance(intent.id, Phase.PRINTING)
    outcome = await printer.print_receipt(receipt)
    log.info("slip", parent=parent, outcome=outcome.value)
    if (end := _OUTCOMES.get(outcome)) is None:
        slip = await judge_slip(journal, printer, intent)
        return Slip.NOT_PRINTED if slip is Slip.NOT_KNOWN and cuts is None else slip
    await journal.settle(intent.id, end)
    return Slip.PRINTED if end is Outcome.DONE else Slip.NOT_PRINTED


async def print_note(journal: Journal, printer: ReceiptPrinter | None, receipt: Receipt) -> bool:
    """A slip that nothing hangs on (a guide, a list of papers): no intent of its own, but one before it that is in
    doubt is judged first, while the counter still speaks of it. True: it is out."""
    if printer is None or not await _judge_earlier(journal, printer):
        return False
    outcome = await printer.print_receipt(receipt)
    log.info("note", outcome=outcome.value)
    return outcome is ReceiptOutcome.PRINTED


async def judge_slip(
    journal: Journal, printer: ReceiptPrinter | None, intent: Intent, patience: timedelta = COUNTER_PATIENCE
) -> Slip:
    """Whether an open slip came out. Settles its intent, except where the printer's counter would tell and cannot be
    asked now: then it stays open for `patience`."""
    before = intent.detail.get("cuts_before")
    slip = Slip.NOT_KNOWN
    if intent.phase is Phase.BEGUN:
        slip = Slip.NOT_PRINTED  # written before the first byte went out
    elif isinstance(before, int) and printer is not None:
        now = await printer.cut_count()
        if now is None and datetime.now(UTC) - intent.updated_at < patience:
            return Slip.NOT_KNOWN
        if now is not None and now >= before:  # a smaller number is another printer's
            slip = Slip.PRINTED if now > before else Slip.NOT_PRINTED
    log.info("slip_judged", intent=intent.id, slip=slip.value)
    await journal.settle(intent.id, _ENDS[slip])
    return slip


async def _judge_earlier(journal: Journal, printer: ReceiptPrinter) -> bool:
    """The counter speaks of an earlier slip only until the next one is cut. False: it cannot be asked now, because
    the printer has stopped, and so could not print the next one either."""
    for intent in await journal.open_intents():
        if intent.kind is not IntentKind.RECEIPT:
            continue
        await judge_slip(journal, printer, intent)
        if (await journal.get(intent.id)).outcome is None:
            if not printer.status.ready:
                return False
            await judge_slip(journal, printer, intent, patience=timedelta(0))
    return True
