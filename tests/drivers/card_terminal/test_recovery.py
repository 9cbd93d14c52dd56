"""Telling a doubtful payment from the one before it."""

from __future__ import annotations

import pytest

from drivers.card_terminal.port import CardMark, CardOutcome, CardResult
from drivers.card_terminal.recovery import Doubt, judge

BEFORE = CardMark(10, 20)
OLD = CardResult(CardOutcome.APPROVED, 100, 10, 20)
NEW = CardResult(CardOutcome.APPROVED, 100, 11, 21)
NEW_NO = CardResult(CardOutcome.DECLINED, 100, 11, 21)
GIVEN_BACK = CardResult(CardOutcome.APPROVED, 100, 12, 22, reverses=21)
OLD_GIVEN_BACK = CardResult(CardOutcome.APPROVED, 100, 12, 22, reverses=20)


def _numbered(receipt: int | None, trace: int | None) -> CardResult:
    return CardResult(CardOutcome.APPROVED, 100, receipt, trace)


@pytest.mark.parametrize(
    ("newest", "doubt", "outcome"),
    [
        (None, Doubt(100, BEFORE), CardOutcome.UNKNOWN),
        (CardResult(CardOutcome.APPROVED, 100), Doubt(100, BEFORE), CardOutcome.UNKNOWN),
        (OLD, Doubt(100, BEFORE), CardOutcome.ABORTED),
        (NEW, Doubt(100, BEFORE), CardOutcome.APPROVED),
        (NEW_NO, Doubt(100, BEFORE), CardOutcome.DECLINED),
        (NEW, Doubt(999, BEFORE), CardOutcome.APPROVED),
        (GIVEN_BACK, Doubt(100, BEFORE), CardOutcome.ABORTED),
        (OLD_GIVEN_BACK, Doubt(100, BEFORE), CardOutcome.UNKNOWN),
        (NEW, Doubt(100, None), CardOutcome.UNKNOWN),
        (NEW, Doubt(100, None, asked=True), CardOutcome.APPROVED),
        (OLD, Doubt(0, BEFORE, reversal=True), CardOutcome.ABORTED),
        (OLD_GIVEN_BACK, Doubt(0, BEFORE, reversal=True), CardOutcome.APPROVED),
        (_numbered(10, None), Doubt(100, BEFORE), CardOutcome.UNKNOWN),
        (_numbered(None, 20), Doubt(100, BEFORE), CardOutcome.UNKNOWN),
        (_numbered(10, 21), Doubt(100, BEFORE), CardOutcome.UNKNOWN),
        (_numbered(11, 20), Doubt(100, BEFORE), CardOutcome.UNKNOWN),
        (_numbered(None, 21), Doubt(100, CardMark(10, None)), CardOutcome.UNKNOWN),
        (_numbered(10, 20), Doubt(100, CardMark(10, None)), CardOutcome.UNKNOWN),
        (_numbered(11, None), Doubt(100, BEFORE), CardOutcome.APPROVED),
        (_numbered(10, None), Doubt(100, CardMark(10, None)), CardOutcome.ABORTED),
        (OLD_GIVEN_BACK, Doubt(100, CardMark(10, None)), CardOutcome.UNKNOWN),
        (NEW, Doubt(0, BEFORE, reversal=True), CardOutcome.UNKNOWN),
    ],
)
def test_judge(newest: CardResult | None, doubt: Doubt, outcome: CardOutcome) -> None:
    verdict = judge(newest, doubt)
    assert verdict.outcome is outcome
    if outcome is CardOutcome.APPROVED and newest is not None:
        assert verdict.amount == newest.amount
