"""Being paid. Every attempt is an intent; an attempt is closed, and confirmed closed, before the next one opens."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from enum import Enum

import structlog

from backend.contract.kiosk_api import (
    Bill,
    Payment,
    PaymentRequest,
    PaymentState,
    ReceiptReport,
)
from content.schema.text import Text
from drivers.cabinet.port import Light
from kiosk.availability import unavailable_reason
from kiosk.journal.journal import Intent, IntentKind, Outcome
from kiosk.journal.slips import Slip, print_slip
from kiosk.journeys import texts
from kiosk.journeys.context import Journey, JourneyOver
from kiosk.journeys.receipts import payment_slip
from kiosk.journeys.steps.messages import end_with, end_with_fault, tell
from kiosk.journeys.waiting import first_of
from kiosk.link.client import Fault, Refusal, Unreachable
from kiosk.screens import Choice, Entry, Milestone, Nav, Pay, PayAnswer, Tone, Working

log = structlog.get_logger()
_RECEIVED = (PaymentState.PAID, PaymentState.DELIVERED)
_NOT_TAKEN = (PaymentState.CLOSED, PaymentState.REFUNDING, PaymentState.REFUNDED)


class _Wait(Enum):
    EXPIRED = "expired"


async def pay_and_deliver(journey: Journey, bill: Bill, entries: Sequence[Entry]) -> None:
    """Returns when the money is booked and the slip is out; every other end has been told and raises."""
    while True:
        # The slip is part of the deal: no money is asked for while it could not be printed.
        printer = journey.terminal.devices.receipt_printer
        if printer is None or not (await printer.refresh()).ready:
            reason = unavailable_reason(journey.service, journey.terminal.devices, backend_reachable=True)
            raise await end_with(journey, reason or texts.NO_RECEIPT_PRINTER, texts.UNAVAILABLE_ADVICE)
        intent, payment = await _request(journey, bill)
        answer = await _wait_for_payment(journey, payment, entries)
        if isinstance(answer, Payment) and answer.state in _RECEIVED:
            await _deliver(journey, intent, answer)
            return
        payment = await _close(journey, intent, payment)
        if payment.state in _RECEIVED:
            # Paid in the last moment: the payment counts, whatever was touched.
            await _deliver(journey, intent, payment)
            return
        if answer is PayAnswer.MORE_TIME:
            continue  # a new code with a new time; the old one is closed
        await _after_no_payment(journey, answer)


async def _request(journey: Journey, bill: Bill) -> tuple[Intent, Payment]:
    journey.stage.show(_working(journey, texts.PREPARING_PAYMENT))
    intent = await journey.terminal.journal.begin(
        IntentKind.PAYMENT,
        session=journey.session.id,
        service=journey.service.id,
        detail={"amount_fen": bill.amount_fen},
    )
    payment = await journey.terminal.link.pay(
        PaymentRequest(
            intent_id=intent.id,
            service_id=journey.service.id,
            bill_id=bill.bill_id,
            amount_fen=bill.amount_fen,
            channel="alipay_qr",
        )
    )
    for _ in range(5):
        # The gateway may still owe its answer: the backend asks it; so do we, before giving up.
        if isinstance(payment, Payment) and payment.qr_code is None and payment.state not in _NOT_TAKEN:
            await asyncio.sleep(1.0)
            payment = await journey.terminal.link.payment(intent.id)
    if isinstance(payment, Refusal):
        await journey.terminal.journal.settle(intent.id, Outcome.NEVER_HAPPENED)
        raise await end_with_fault(journey, payment)
    if isinstance(payment, Unreachable):
        raise await end_with_fault(journey, payment)
    if payment.qr_code is None:
        raise await end_with(journey, texts.PAY_CLOSED_DOWN, texts.PAY_CLOSED_DOWN_BODY)
    return intent, payment


async def _wait_for_payment(
    journey: Journey, payment: Payment, entries: Sequence[Entry]
) -> Payment | PayAnswer | Nav | _Wait:
    total = max((payment.expires_at - journey.terminal.link.now()).total_seconds(), 1.0)
    screen = Pay(
        question=texts.PAY,
        speech=texts.PAY_SPEECH,
        trail=journey.trail(3),
        entries=tuple(entries),
        amount_fen=payment.amount_fen,
        qr=payment.qr_code or "",
        channel=texts.ALIPAY,
        expires_in_s=total,
        total_s=total,
        note=texts.PAY_NOTE,
    )
    asking = journey.stage.ask(screen)
    return await first_of(asking, _poll(journey, payment))


async def _poll(journey: Journey, payment: Payment) -> Payment | _Wait:
    """Until the backend says something final or the code has expired. A lost network is waited out: the QR on the
    screen stays payable, and giving up early would not make it less so."""
    while journey.terminal.link.now() < payment.expires_at:
        await asyncio.sleep(journey.settings.payment_poll_s)
        answer = await journey.terminal.link.payment(payment.intent_id)
        if isinstance(answer, Payment) and answer.state in (*_RECEIVED, *_NOT_TAKEN):
            return answer
    return _Wait.EXPIRED


async def _close(journey: Journey, intent: Intent, payment: Payment) -> Payment:
    """Closed for sure, or paid after all. Anything less stays an open intent for recovery, and is said so."""
    journey.stage.show(_working(journey, texts.CLOSING_PAYMENT))
    answer: Payment | Fault = payment
    for _ in range(3):
        answer = await journey.terminal.link.close_payment(intent.id)
        if isinstance(answer, Payment) and answer.state in (*_RECEIVED, *_NOT_TAKEN):
            if answer.state in _NOT_TAKEN:
                refunded = answer.state is not PaymentState.CLOSED
                await journey.terminal.journal.settle(intent.id, Outcome.REFUNDED if refunded else Outcome.CLOSED)
            return answer
        await asyncio.sleep(1.0)
    log.warning("payment_not_closed", intent=intent.id)
    number = Entry(texts.NUMBER, Text.same(payment.out_trade_no))
    raise await end_with(journey, texts.PAY_UNKNOWN, texts.PAY_UNKNOWN_BODY, entries=(number,))


async def _after_no_payment(journey: Journey, answer: object) -> None:
    """Tell that nothing was taken; returns when the resident wants another attempt."""
    again = (Choice("home", texts.TO_HOME), Choice("again", texts.PAY_AGAIN))
    if answer is _Wait.EXPIRED or isinstance(answer, Payment):  # our clock or the gateway's
        title, body = texts.PAY_EXPIRED, texts.PAY_EXPIRED_BODY
    else:
        title, body = texts.NOT_PAID, texts.NOT_PAID_BODY
    if await tell(journey, Tone.INFO, title, body, again) != "again":
        raise JourneyOver("not paid")


async def _deliver(journey: Journey, intent: Intent, payment: Payment) -> None:
    """Booked by the company, then the slip, then settled: a slip says that the bill is paid. No slip → the money goes
    back, and the resident is told. Nobody knows yet → both stay open, and the resident is told so."""
    terminal = journey.terminal
    number = Entry(texts.NUMBER, Text.same(payment.out_trade_no))
    payment = await _until_booked(journey, payment)
    if payment.state in _NOT_TAKEN:
        raise await _given_back(journey, intent, payment, texts.NOT_BOOKED)
    if not payment.posted:
        raise await end_with(journey, texts.BOOKING_LATE, texts.BOOKING_LATE_BODY, tone=Tone.INFO, entries=(number,))
    journey.stage.show(_working(journey, texts.PAID_WORKING, booked=True))
    slip = await print_slip(
        terminal.journal,
        terminal.devices.receipt_printer,
        payment_slip(payment, journey.settings, copy=False),
        session=journey.session.id,
        service=journey.service.id,
        parent=intent.id,
    )
    if slip is not Slip.NOT_PRINTED:
        journey.lights.on(Light.RECEIPT_TRAY)
    if slip is Slip.NOT_KNOWN:
        # The payer may hold it: money is not given back for a slip that is out. Recovery asks the printer's counter.
        raise await end_with(journey, texts.PAY_UNKNOWN, texts.PAY_UNKNOWN_BODY, entries=(number,))
    printed = slip is Slip.PRINTED
    report = ReceiptReport(outcome="printed" if printed else "unprintable")
    answer = await terminal.link.report_receipt(intent.id, report)
    if isinstance(answer, Payment) and answer.state is PaymentState.DELIVERED:
        await terminal.journal.settle(intent.id, Outcome.DONE)
    if printed:
        return  # an unreachable backend is told by recovery: the slip's own intent says that it is out
    if isinstance(answer, Payment) and answer.state in _NOT_TAKEN:
        raise await _given_back(journey, intent, answer, texts.REFUNDING)
    raise await end_with(journey, texts.PAY_UNKNOWN, texts.PAY_UNKNOWN_BODY, entries=(number,))


async def _until_booked(journey: Journey, payment: Payment) -> Payment:
    """Usually at once; a slow company is waited for a little, and then left to recovery."""
    loop = asyncio.get_running_loop()
    until = loop.time() + journey.settings.booking_patience_s
    while not payment.posted and payment.state not in _NOT_TAKEN and loop.time() < until:
        journey.stage.show(_working(journey, texts.BOOKING, booked=False))
        await asyncio.sleep(journey.settings.payment_poll_s)
        answer = await journey.terminal.link.payment(payment.intent_id)
        if isinstance(answer, Payment):
            payment = answer
    return payment


async def _given_back(journey: Journey, intent: Intent, payment: Payment, going: Text) -> JourneyOver:
    """The money is on its way back, or back already."""
    if payment.state is PaymentState.REFUNDED:
        await journey.terminal.journal.settle(intent.id, Outcome.REFUNDED)
    done = payment.state is PaymentState.REFUNDED and going is texts.REFUNDING
    number = Entry(texts.NUMBER, Text.same(payment.out_trade_no))
    return await end_with(journey, texts.REFUNDED if done else going, texts.REFUNDED_BODY, entries=(number,))


def _working(journey: Journey, question: Text, *, booked: bool | None = None) -> Working:
    """`booked`: None while there is no money yet."""
    milestones: tuple[Milestone, ...] = ()
    if booked is not None:
        milestones = (
            Milestone(texts.PAID, "done"),
            Milestone(texts.BOOKED, "done" if booked else "now"),
            Milestone(texts.PRINT_SLIP, "now" if booked else "todo"),
        )
    trail = journey.trail(3 if booked is None else 4)
    return Working(question=question, speech=question, trail=trail, milestones=milestones)
