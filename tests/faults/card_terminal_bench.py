"""A card terminal on the wire, for faults: the real driver against the simulator."""

from __future__ import annotations

from drivers.card_terminal.port import CardOutcome, CardPrompt, CardResult
from kiosk.journeys.device_texts import CARD_OUTCOMES, CARD_PROMPTS
from tests.drivers.card_terminal.bench import Bench, impatient, over_serial, over_tcp
from tests.drivers.card_terminal.vendor_bench import bridge
from tests.faults.resident import sees

__all__ = ["PRICE", "Bench", "bridge", "cleared", "impatient", "over_serial", "over_tcp", "shown"]

PRICE = 1250  # fen


def shown(doc: str | None, *said: CardOutcome | CardPrompt) -> None:
    """The docstring quotes what the resident is told of these."""
    for each in said:
        sees(doc, CARD_OUTCOMES[each] if isinstance(each, CardOutcome) else CARD_PROMPTS[each])


async def cleared(bench: Bench) -> CardResult:
    """What the kiosk finds out when it asks after a doubtful payment; the terminal's book agrees, to the fen."""
    found = await bench.driver.last_result()
    assert found is not None, "the terminal can be asked"
    kept = bench.terminal.book.kept
    assert (found.outcome is CardOutcome.APPROVED) == bool(kept)
    assert sum(b.amount for b in kept) == (found.amount if kept else 0)
    assert len(bench.terminal.book.payments) <= 1, "never two payments for one"
    return found
