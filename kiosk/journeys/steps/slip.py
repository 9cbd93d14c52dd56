"""Printing a slip for something that happened: an intent of its own, with the printer's cut counter noted before,
so that after a crash the printer itself can tell whether the slip came out."""

from __future__ import annotations

import structlog

from drivers.receipt_printer.port import Receipt, ReceiptOutcome, ReceiptPrinter
from kiosk.journal.journal import IntentKind, Journal, Outcome, Phase

log = structlog.get_logger()


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
    printed = outcome is ReceiptOutcome.PRINTED
    await journal.settle(intent.id, Outcome.DONE if printed else Outcome.UNKNOWN)
    return printed
