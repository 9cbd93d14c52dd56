"""Telling whether a payment of doubtful outcome was made, from what the terminal says of its newest transaction.

A terminal numbers its transactions (receipt and trace number) and repeats the newest one when asked. So whoever knows
the number *before* a payment can tell afterwards whether there is a newer one: then it is the doubtful payment, since
only this kiosk starts payments on it. The journal does this after a restart:

    before = terminal.mark                       # written with the intent to pay, before `pay`
    …power cut…
    verdict = judge(await terminal.last_result(), Doubt(amount, before))

The driver does the same by itself for a payment that it has just seen breaking off.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from drivers.card_terminal.port import CardMark, CardOutcome, CardResult


@dataclass(frozen=True)
class Doubt:
    """A payment of `amount` fen (or a reversal) whose end nobody saw. `before`: the terminal's newest transaction when
    it began; None when that is not known. `asked`: the terminal was asked for it just before, so that None means
    that it said clearly that it has none."""

    amount: int
    before: CardMark | None
    reversal: bool = False
    asked: bool = False


def judge(newest: CardResult | None, doubt: Doubt) -> CardResult:
    """How the doubtful payment ended. UNKNOWN: the terminal cannot tell; people have to compare its slips.

    APPROVED with another amount than `doubt.amount` is for the caller to notice: so much was taken.
    """
    unknown = CardResult(CardOutcome.UNKNOWN, doubt.amount)
    if newest is None or newest.mark is None:
        return unknown
    if doubt.before is None:
        if not doubt.asked:
            return unknown  # an older transaction, perhaps
    elif (newer := _newer(newest.mark, doubt.before)) is None:
        return unknown
    elif not newer:
        return CardResult(CardOutcome.ABORTED, terminal=newest.terminal)
    if newest.reverses is None:
        return unknown if doubt.reversal else newest
    if doubt.reversal:
        return newest
    if doubt.before is not None and doubt.before.trace in (None, newest.reverses):
        return unknown  # somebody gave the payment before it back, perhaps
    if newest.outcome is CardOutcome.APPROVED:
        # The terminal gave the money back by itself, because nobody acknowledged the payment.
        return replace(newest, outcome=CardOutcome.ABORTED, amount=0)
    return unknown


def _newer(newest: CardMark, before: CardMark) -> bool | None:
    """Whether they are two transactions, by the numbers that both have. None when that cannot be said: they have none
    in common, one is the same and the other is not, or one has a number that the other lacks and the rest is the same.
    """
    pairs = ((newest.receipt, before.receipt), (newest.trace, before.trace))
    same = {one == other for one, other in pairs if one is not None and other is not None}
    if same == {False}:
        return True
    return False if newest == before else None
