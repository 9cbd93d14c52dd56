"""What messages amount to: anything short of a clear yes or no is UNKNOWN."""

from __future__ import annotations

import pytest

from drivers.card_terminal.port import CardOutcome, CardPrompt, EndOfDay
from drivers.card_terminal.zvt_apdu import Completion, Print
from drivers.card_terminal.zvt_bitmaps import Fields
from drivers.card_terminal.zvt_channel import Heard
from drivers.card_terminal.zvt_codes import outcome, prompts, trouble
from drivers.card_terminal.zvt_verdict import day_result, money_result, newest_transaction
from drivers.status import Action

YES = Fields(result=0, amount=100, receipt=1, trace=2, currency=156)
NO = Fields(result=0x51, amount=100, receipt=1, trace=2)
DONE = Completion()
APPROVED, DECLINED, ABORTED = CardOutcome.APPROVED, CardOutcome.DECLINED, CardOutcome.ABORTED
NOT_POSSIBLE, UNKNOWN = CardOutcome.NOT_POSSIBLE, CardOutcome.UNKNOWN


def _done(code: int) -> Completion:
    return Completion(Fields(result=code))


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        (Heard(), NOT_POSSIBLE),
        (Heard(sent=True), UNKNOWN),
        (Heard(sent=True, refused=0x83), NOT_POSSIBLE),
        (Heard(sent=True, refused=0x6C), ABORTED),
        (Heard(sent=True, completion=DONE), UNKNOWN),
        (Heard(sent=True, statuses=[YES]), UNKNOWN),
        (Heard(sent=True, statuses=[YES], completion=DONE), APPROVED),
        (Heard(sent=True, statuses=[YES, YES], completion=DONE), APPROVED),
        (Heard(sent=True, statuses=[Fields(result=0)], completion=DONE), APPROVED),
        (Heard(sent=True, statuses=[YES], abort=0x6C), UNKNOWN),
        (Heard(sent=True, statuses=[NO], abort=0x6C), DECLINED),
        (Heard(sent=True, statuses=[NO]), UNKNOWN),
        (Heard(sent=True, statuses=[NO], completion=DONE), DECLINED),
        (Heard(sent=True, statuses=[YES, NO], completion=DONE), UNKNOWN),
        (Heard(sent=True, statuses=[NO, YES], completion=DONE), UNKNOWN),
        (Heard(sent=True, statuses=[YES, NO], abort=0x51), UNKNOWN),
        (Heard(sent=True, statuses=[Fields()], completion=DONE), UNKNOWN),
        (Heard(sent=True, statuses=[Fields()], abort=0x6C), UNKNOWN),
        (Heard(sent=True, statuses=[Fields(result=0, amount=99)], completion=DONE), UNKNOWN),
        (Heard(sent=True, statuses=[Fields(result=0, amount=100, currency=978)], completion=DONE), UNKNOWN),
        (Heard(sent=True, statuses=[Fields(result=0, amount=100, damaged=True)], completion=DONE), UNKNOWN),
        (Heard(sent=True, abort=0x6C), ABORTED),
        (Heard(sent=True, abort=0x51), DECLINED),
        (Heard(sent=True, abort=0x78), DECLINED),
        (Heard(sent=True, abort=0xF0), NOT_POSSIBLE),
        (Heard(sent=True, abort=0x00), UNKNOWN),
        (Heard(sent=True, refused=0x00), UNKNOWN),
        (Heard(sent=True, statuses=[YES], completion=_done(0)), APPROVED),
        (Heard(sent=True, statuses=[YES], completion=_done(0x6C)), UNKNOWN),
        (Heard(sent=True, statuses=[NO], completion=_done(0x51)), DECLINED),
        (Heard(sent=True, statuses=[NO], completion=_done(0)), UNKNOWN),
        (Heard(sent=True, completion=_done(0)), UNKNOWN),
        (Heard(sent=True, completion=_done(0x6C)), UNKNOWN),
    ],
)
def test_payment(heard: Heard, expected: CardOutcome) -> None:
    assert money_result(heard, 100, 156).outcome is expected


def test_reversal_has_any_amount() -> None:
    heard = Heard(sent=True, statuses=[Fields(result=0, amount=7, original_trace=5)], completion=DONE)
    result = money_result(heard, None, 156)
    assert (result.outcome, result.amount, result.reverses) == (APPROVED, 7, 5)


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        (Heard(sent=True, statuses=[YES], completion=DONE), APPROVED),
        (Heard(sent=True, statuses=[NO], completion=DONE), DECLINED),
        (Heard(sent=True, statuses=[Fields(result=0x6C, amount=1, receipt=1)], completion=DONE), ABORTED),
        (Heard(sent=True, statuses=[YES]), None),
        (Heard(sent=True, completion=DONE), None),
        (Heard(sent=True, statuses=[Fields(result=0)], completion=DONE), None),
        (Heard(sent=True, statuses=[Fields(result=0, amount=1, currency=978)], completion=DONE), None),
        (Heard(sent=True, abort=0x83), None),
        (Heard(sent=True, statuses=[YES], completion=_done(0)), APPROVED),
        (Heard(sent=True, statuses=[YES], completion=_done(0x83)), None),
        (Heard(sent=True, statuses=[NO], completion=_done(0x51)), DECLINED),
        (Heard(sent=True, statuses=[NO, YES], completion=DONE), None),
    ],
)
def test_newest(heard: Heard, expected: CardOutcome | None) -> None:
    newest = newest_transaction(heard, 156)
    assert (newest.outcome if newest is not None else None) is expected


def test_slip_is_the_residents_copy() -> None:
    prints = [Print(("merchant",), 1), Print(("a", "b"), 2), Print(("c",), 2)]
    assert Heard(prints=prints).slip() == ("a", "b", "c")
    assert Heard(prints=[Print(("x",)), Print(("merchant",), 1)]).slip() == ("x",)
    assert Heard(prints=[Print(("x",) * 150)] * 3).slip() == ("x",) * 200


def test_day() -> None:
    total = Fields(result=0, amount=700, count=3)
    assert day_result(Heard(statuses=[total], completion=DONE)) == EndOfDay(True, 3, 700)
    assert day_result(Heard(statuses=[], completion=DONE)) == EndOfDay(True)
    assert day_result(Heard(statuses=[total])) == EndOfDay(False)
    assert day_result(Heard(statuses=[NO], completion=DONE)) == EndOfDay(False)
    assert day_result(Heard(statuses=[total], completion=_done(0xFA))) == EndOfDay(False)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (0x0A, (CardPrompt.INSERT_CARD,)),
        (0x0B, (CardPrompt.REMOVE_CARD,)),
        (0x01, (CardPrompt.ENTER_PIN,)),
        (0x15, (CardPrompt.WRONG_PIN,)),
        (0x04, (CardPrompt.WAIT,)),
        (0x1C, (CardPrompt.APPROVED,)),
        (0x1D, (CardPrompt.DECLINED,)),
        (0x5C, (CardPrompt.APPROVED, CardPrompt.REMOVE_CARD)),
        (0x5D, (CardPrompt.DECLINED, CardPrompt.REMOVE_CARD)),
        (0x44, (CardPrompt.REMOVE_CARD,)),
        (0x5E, (CardPrompt.WAIT,)),
        (0x6A, ()),
        (0xFF, ()),
    ],
)
def test_prompts(code: int, expected: tuple[CardPrompt, ...]) -> None:
    assert prompts(code) == expected


def test_every_code_has_an_outcome_and_none_is_approved_or_unknown() -> None:
    assert {outcome(code) for code in range(1, 256)} == {DECLINED, ABORTED, NOT_POSSIBLE}
    assert outcome(0x6C) is ABORTED


def test_troubles() -> None:
    assert trouble(None) is None
    assert trouble(0x51) is None, "the card's trouble is not the terminal's"
    found = {code: t for code in range(256) if (t := trouble(code)) is not None}
    assert found[0xE2].action is Action.MAINTENANCE
    assert found[0xCC].action is Action.CLEAR
    assert found[0xF0].action is Action.RESET
