"""A bill from account number to slip: explain → account → bill → pay → slip → rate."""

from __future__ import annotations

from functools import partial

from backend.contract.kiosk_api import Bill, BillQuery, ProblemCode
from content.schema.service import NumberField
from content.schema.text import Text
from kiosk.journeys import texts
from kiosk.journeys.apply import identify
from kiosk.journeys.context import Journey, JourneyOver
from kiosk.journeys.steps import Move, StepCoroutine, walk
from kiosk.journeys.steps.explain import ask_consent, show_guide
from kiosk.journeys.steps.fill import ask_number
from kiosk.journeys.steps.finish import goodbye, rate
from kiosk.journeys.steps.messages import end_with, end_with_fault
from kiosk.journeys.steps.pay import pay_and_deliver
from kiosk.link.client import Refusal, Unreachable
from kiosk.screens import Entry, Nav, Review, Tone, Working


async def pay_bill(journey: Journey) -> None:
    """Ends like `issue_certificate`."""
    journey.steps = 4
    before: list[StepCoroutine] = [
        partial(show_guide, journey),
        partial(ask_consent, journey),
        partial(identify, journey),
    ]
    if await walk(before) is Move.BACK:
        raise JourneyOver("left at the guide")
    bill = await _confirmed_bill(journey)
    await pay_and_deliver(journey, bill, bill_entries(bill))
    await rate(journey, 4)
    reminders = (texts.TAKE_CARD,) if journey.session.card is not None else ()
    await goodbye(journey, (*reminders, texts.TAKE_SLIP))


def bill_entries(bill: Bill) -> tuple[Entry, ...]:
    entries = (
        Entry(texts.ACCOUNT, Text.same(bill.account_masked)),
        Entry(texts.CUSTOMER, Text.same(bill.customer_masked)),
        Entry(texts.PERIOD, Text(bill.period_zh, bill.period_en)),
        Entry(texts.USAGE, Text(bill.usage_zh, bill.usage_en)),
    )
    return tuple(entry for entry in entries if entry.value.zh)


async def _confirmed_bill(journey: Journey) -> Bill:
    """Account number → bill, until the resident says that it is theirs."""
    field = next(field for field in journey.service.form if isinstance(field, NumberField))
    error: Text | None = None
    while True:
        if await ask_number(journey, field, 2, error) is Move.BACK:
            if await show_guide(journey) is Move.BACK:
                raise JourneyOver("left at the guide")
            continue
        journey.stage.show(Working(question=texts.QUERYING, speech=texts.QUERYING, trail=journey.trail(2)))
        bill = await journey.terminal.link.query_bill(
            BillQuery(service_id=journey.service.id, account=journey.session.form[field.name])
        )
        if isinstance(bill, Refusal) and bill.code in (ProblemCode.ACCOUNT_NOT_FOUND, "invalid"):
            error = texts.ACCOUNT_NOT_FOUND
            continue
        if isinstance(bill, Refusal) and bill.code == ProblemCode.NOTHING_DUE:
            raise await end_with(journey, texts.NOTHING_DUE, texts.NOTHING_DUE_BODY, tone=Tone.GOOD)
        if isinstance(bill, Refusal | Unreachable):
            raise await end_with_fault(journey, bill)
        error = None
        answer = await journey.stage.ask(
            Review(
                question=texts.CHECK_BILL,
                speech=texts.CHECK_BILL,
                trail=journey.trail(2),
                entries=bill_entries(bill),
                amount_fen=bill.amount_fen,
                confirm=texts.GO_PAY,
                note=texts.CHECK_BILL_NOTE,
            )
        )
        if not isinstance(answer, Nav):
            return bill
