"""12345, praise, and 办不成事: words → checked once more → numbered. Anonymous where no phone is left."""

from __future__ import annotations

from functools import partial

from backend.contract.service_api import ComplaintReceipt, ComplaintRequest
from content.schema.text import Text
from drivers.receipt_printer.port import Heading, Line, Pair, Receipt, Rule
from kiosk.journeys import counter_texts as texts
from kiosk.journeys import matter
from kiosk.journeys import texts as common
from kiosk.journeys.apply import identify
from kiosk.journeys.context import Journey, JourneyOver
from kiosk.journeys.dates import day_text
from kiosk.journeys.steps import Move, StepCoroutine
from kiosk.journeys.steps.counter import new_intent, sent, settled, slip, walk_or_leave
from kiosk.journeys.steps.explain import ask_consent, show_guide
from kiosk.journeys.steps.finish import goodbye, rate
from kiosk.journeys.steps.form import pages
from kiosk.journeys.steps.messages import tell
from kiosk.journeys.steps.review import shown
from kiosk.journeys.steps.situations import questions
from kiosk.screens import Choice, Entry, Nav, Review, Tone

CANNOT_BE_DONE = "cannot-be-done"  # the service of this id, and the kind of what is sent from it


async def complain(journey: Journey) -> None:
    journey.steps = 3
    steps: list[StepCoroutine] = [
        partial(show_guide, journey),
        partial(ask_consent, journey),
        partial(identify, journey),
        *questions(journey, 2),
        *pages(journey, 2),
        partial(_check, journey),
    ]
    if not await walk_or_leave(steps):
        raise JourneyOver("left at the guide")
    form = matter.form(journey)
    request = ComplaintRequest(
        intent_id=new_intent("com"),
        service_id=journey.service.id,
        kind=form.get("kind", CANNOT_BE_DONE if journey.service.id == CANNOT_BE_DONE else "complaint"),
        subject=form.get("subject", ""),
        text=form.get("text", ""),
        phone=form.get("phone", ""),
        failure=journey.session.failure,
    )
    send = partial(journey.terminal.link.complain, request)
    receipt = await settled(journey, await sent(journey, send, texts.SENDING, texts.PERHAPS_SENT, 3))
    printed = await slip(journey, _slip(journey, receipt))
    await tell(journey, Tone.GOOD, texts.SENT, texts.SENT_BODY, (Choice("ok", common.OK),), _entries(receipt))
    await rate(journey, 3)
    await goodbye(journey, (common.TAKE_SLIP,) if printed else ())


async def _check(journey: Journey) -> Move:
    form = matter.form(journey)
    entries = []
    for field in matter.fields(journey):
        value = form.get(field.name)
        if value is None:
            continue
        entries.append(Entry(field.label, shown(journey, field, value)))
    answer = await journey.stage.ask(
        Review(
            question=texts.CHECK_WORDS,
            speech=texts.CHECK_WORDS,
            trail=journey.trail(3),
            entries=tuple(entries),
            confirm=texts.SEND,
            note=None if form.get("phone") else texts.ANONYMOUS,
        )
    )
    return Move.BACK if isinstance(answer, Nav) else Move.ON


def _entries(receipt: ComplaintReceipt) -> tuple[Entry, ...]:
    entries = [
        Entry(texts.TICKET_NO, Text.same(receipt.ticket_no)),
        Entry(texts.DEPARTMENT, Text(receipt.department_zh, receipt.department_en)),
    ]
    if receipt.answer_by is not None:
        entries.append(Entry(texts.ANSWER_BY, day_text(receipt.answer_by)))
    return tuple(entries)


def _slip(journey: Journey, receipt: ComplaintReceipt) -> Receipt:
    return Receipt(
        (
            Heading("工单回执"),
            Line(journey.settings.site),
            Rule(),
            *(Pair(entry.label.zh, entry.value.zh) for entry in _entries(receipt)),
            Rule(),
            Line(texts.SENT_BODY.zh),
            Pair("终端", journey.settings.terminal),
        )
    )
