"""Printing a slip for something that happened: an intent of its own, with the printer's cut counter noted before,
so that after a crash the printer itself can tell whether the slip came out."""

from __future__ import annotations

import structlog

from drivers.receipt_printer.port import Receipt, ReceiptOutcome, ReceiptPrinter
from kiosk.journal.journal import IntentKind, Journal, Outcome, Phase

log = structlog.get_logger()
# Refused before a byte went out: surely no slip. Everything else that is not PRINTED may have left half of one.
_OUTCOMES = {
    ReceiptOutcome.PRINTED: Outcome.DONE,
    ReceiptOutcome.PAPER_OUT: Outcome.NEVER_HAPPENED,
    ReceiptOutcome.COVER_OPEN: Outcome.NEVER_HAPPENED,
    ReceiptOutcome.OFFLINE: Outcome.NEVER_HAPPENED,
}


async def print_slip(
    journal: Journal,
    printer: ReceiptPrinter | None,
    receipt: Receipt,
    *,
    session: str,
    service: str,
    parent: str,
) -> bool:
    """True when the slip is surely out. An unconfirmed one (UNKNOWN) counts as printed only if the cutter moved."""
    if printer is None:
        return False
    cuts = await printer.cut_count()
    intent = await journal.begin(
        IntentKind.RECEIPT, session=session, service=service, parent=parent, detail={"cuts_before": cuts}
    )
    await journal.advance(intent.id, Phase.PRINTING)
    outcome = await printer.print_receipt(receipt)
    if outcome is ReceiptOutcome.UNKNOWN and cuts is not None:
        after = await printer.cut_count()
        outcome = ReceiptOutcome.PRINTED if after is not None and after > cuts else outcome
    log.info("slip", parent=parent, outcome=outcome.value)
    await journal.settle(intent.id, _OUTCOMES.get(outcome, Outcome.UNKNOWN))
    return outcome is ReceiptOutcome.PRINTED
