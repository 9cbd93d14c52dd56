"""What a terminal's messages to one command amount to. Money was taken only when a positive status information and the
completion came, in one piece; short of a clear refusal everything else is UNKNOWN. No I/O here."""

from __future__ import annotations

from drivers.card_terminal.port import CardOutcome, CardResult, EndOfDay
from drivers.card_terminal.zvt_bitmaps import Fields
from drivers.card_terminal.zvt_channel import Heard
from drivers.card_terminal.zvt_codes import outcome


def money_result(heard: Heard, amount: int | None, currency: int) -> CardResult:
    """Of a payment of `amount`, or of a reversal (None: whatever it was)."""
    if not heard.sent:
        return CardResult(CardOutcome.NOT_POSSIBLE)
    if heard.refused is not None:
        return CardResult(_ended(heard.refused), code=heard.refused)
    results = {fields.result for fields in heard.statuses}
    if heard.completion is not None and heard.completion.fields.result is not None:
        results.add(heard.completion.fields.result)
    last = heard.statuses[-1] if heard.statuses else Fields()
    refused = 0 not in results and None not in results
    if refused and (heard.abort is not None or (heard.statuses and heard.completion is not None)):
        code = last.result if last.result is not None else heard.abort
        return _result(_ended(code), heard, last, code=code)
    if results == {0} and heard.statuses and heard.completion is not None and _as_asked(last, amount, currency):
        return _result(CardOutcome.APPROVED, heard, last, amount=amount)
    return _result(CardOutcome.UNKNOWN, heard, last, amount=amount, code=heard.abort or last.result)


def newest_transaction(heard: Heard, currency: int) -> CardResult | None:
    """What the repetition of a receipt says of the terminal's newest transaction; None when it says nothing
    clear: never that there is none."""
    if heard.completion is None or not heard.statuses:
        return None
    last = heard.statuses[-1]
    if heard.completion.fields.result not in (None, 0, last.result):
        return None
    if len({(each.result, each.amount, each.receipt, each.trace) for each in heard.statuses}) > 1:
        return None
    if last.result is None or last.damaged or last.amount is None or last.currency not in (None, currency):
        return None
    if last.result == 0:
        return _result(CardOutcome.APPROVED, heard, last)
    ended = CardOutcome.ABORTED if outcome(last.result) is CardOutcome.ABORTED else CardOutcome.DECLINED
    return _result(ended, heard, last, code=last.result)


def completed(heard: Heard) -> bool:
    """Of a command that moves no money: whether it was carried out."""
    if heard.completion is None:
        return False
    return all(fields.result in (0, None) for fields in (*heard.statuses, heard.completion.fields))


def day_result(heard: Heard) -> EndOfDay:
    """Of an end of day."""
    done = completed(heard)
    last = heard.statuses[-1] if heard.statuses else Fields()
    return EndOfDay(done, last.count, last.amount) if done else EndOfDay(done=False)


def _ended(code: int | None) -> CardOutcome:
    """A refusal with the code of success is no clear one."""
    return outcome(code) if code else CardOutcome.UNKNOWN


def _as_asked(fields: Fields, amount: int | None, currency: int) -> bool:
    same_amount = amount is None or fields.amount in (None, amount)
    return same_amount and not fields.damaged and fields.currency in (None, currency)


def _result(
    ended: CardOutcome, heard: Heard, fields: Fields, amount: int | None = None, code: int | None = None
) -> CardResult:
    return CardResult(
        ended,
        amount=fields.amount if fields.amount is not None else amount or 0,
        receipt=fields.receipt,
        trace=fields.trace,
        terminal=fields.terminal,
        scheme=fields.card_name,
        code=code,
        slip=heard.slip(),
        reverses=fields.original_trace,
    )
