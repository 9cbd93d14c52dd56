"""A certificate from touch to paper: explain → consent → identify → fill in → review → issue → print → rate."""

from __future__ import annotations

from functools import partial

from drivers.cabinet.port import Light
from kiosk.journal.slips import Slip, print_slip
from kiosk.journeys import counter_texts, texts
from kiosk.journeys.apply import identify
from kiosk.journeys.context import Journey, JourneyOver
from kiosk.journeys.receipts import certificate_slip
from kiosk.journeys.steps import Move, walk
from kiosk.journeys.steps.explain import ask_consent, show_guide
from kiosk.journeys.steps.finish import goodbye, rate
from kiosk.journeys.steps.form import short_questions
from kiosk.journeys.steps.issue import fetch_file, issue, preview, review
from kiosk.journeys.steps.messages import end_with
from kiosk.journeys.steps.print_document import Printed, print_certificate


async def issue_certificate(journey: Journey) -> None:
    """Raises `JourneyOver`, `TimedOut` or `CancelledError` when it ends early; open intents are then resolved by
    `kiosk.journal.recovery`, as after a crash."""
    journey.steps = 5
    if _stock_is_out(journey):
        raise await end_with(journey, counter_texts.STOCK_OUT, counter_texts.STOCK_OUT_BODY)
    moved = await walk(
        [
            partial(show_guide, journey),
            partial(ask_consent, journey),
            partial(identify, journey),
            *short_questions(journey, 3),
            partial(review, journey),
        ]
    )
    if moved is Move.BACK:
        raise JourneyOver("left at the guide")

    slip = await issue_and_print(journey)
    await rate(journey, 5)
    # The card first: it is what people leave behind.
    reminders = (texts.TAKE_CARD, texts.TAKE_PAPER, texts.TAKE_SLIP if slip else texts.NO_SLIP)
    await goodbye(journey, reminders)


def _stock_is_out(journey: Journey) -> bool:
    """Counted paper of which this terminal is known to have none left; what was never loaded is not known."""
    paper = journey.service.certificate
    return paper is not None and paper.stock is not None and journey.terminal.link.stock.get(paper.stock) == 0


async def issue_and_print(journey: Journey) -> bool:
    """The certificate's file and pictures live in here only: when the goodbye is said, they are gone. True: with a
    slip."""
    intent, certificate = await issue(journey)
    pdf, masked = await fetch_file(journey, intent.id)
    picture = await preview(journey, certificate, pdf, masked)
    printed = await print_certificate(journey, intent, certificate, pdf, picture)
    if printed is not Printed.YES:
        raise JourneyOver("not printed")

    slip = await print_slip(
        journey.terminal.journal,
        journey.terminal.devices.receipt_printer,
        certificate_slip(certificate, journey.settings),
        session=journey.session.id,
        service=journey.service.id,
        parent=intent.id,
    )
    if slip is not Slip.NOT_PRINTED:
        journey.lights.on(Light.RECEIPT_TRAY)
    return slip is Slip.PRINTED
