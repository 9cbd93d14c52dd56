"""A number in the queue: what for → number → ticket. Nobody is asked who they are, and the ticket names nobody."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial

from backend.contract.kiosk_api import ProblemCode
from backend.contract.service_api import Ticket, TicketRequest
from content.schema.forms import ChoiceField
from content.schema.text import Text
from drivers.receipt_printer.port import Heading, Line, Pair, Receipt, Rule
from kiosk.journeys import counter_texts as texts
from kiosk.journeys import matter
from kiosk.journeys import texts as common
from kiosk.journeys.context import Journey, JourneyOver
from kiosk.journeys.service_slips import minute
from kiosk.journeys.steps import Move, StepCoroutine, walk
from kiosk.journeys.steps.booking import BOOKING, ask_for_booking
from kiosk.journeys.steps.counter import new_intent, sent, settled, slip
from kiosk.journeys.steps.fill import ask_choice_step
from kiosk.journeys.steps.finish import goodbye
from kiosk.journeys.steps.messages import tell
from kiosk.link.client import Refusal
from kiosk.screens import Choice, Tone
from kiosk.service_screens import QueueTicket

_SHOWN_S = 12.0


async def take_ticket(journey: Journey) -> None:
    """One question after the other, no guide before: whoever wants a number stands in a hurry. Its guide is behind
    the enquiries."""
    journey.steps = 2
    steps = _questions(journey)
    move = await walk(steps)
    while True:
        if move is Move.BACK:
            raise JourneyOver("left at the first question")
        ticket = await _take(journey)
        if ticket is not None:
            break
        move = await walk(steps[:1])  # the booking; what it is for has been said
    printed = await slip(journey, _slip(journey, ticket))
    if not printed:
        number = Text.same(ticket.number)
        await tell(journey, Tone.INFO, number, texts.NO_PAPER_TICKET, (Choice("ok", common.OK),))
    asking = journey.stage.ask(_screen(journey, ticket))
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asking, _SHOWN_S)
    await goodbye(journey, (common.TAKE_SLIP,) if printed else ())


def _questions(journey: Journey) -> list[StepCoroutine]:
    form = journey.service.form
    booking = [partial(ask_for_booking, journey, field, 1) for field in form if field.name == BOOKING]
    return [*booking, *(ask_choice_step(journey, field, 1) for field in form if isinstance(field, ChoiceField))]


async def _take(journey: Journey) -> Ticket | None:
    """None: the booking is not known, the resident has been told and enters it again, or goes without."""
    form = matter.form(journey)
    request = TicketRequest(
        intent_id=new_intent("que"),
        service_id=journey.service.id,
        matter=form.get("matter", ""),
        priority=form.get("priority") == "yes",
        booking_no=form.get(BOOKING, ""),
    )
    call = partial(journey.terminal.link.ticket, request)
    answer = await sent(journey, call, texts.TAKING_NUMBER, texts.PERHAPS_TICKET, 2)
    if isinstance(answer, Refusal) and answer.code == ProblemCode.NOT_FOUND and request.booking_no:
        buttons = (Choice("home", common.TO_HOME), Choice("again", texts.ANOTHER_BOOKING))
        if await tell(journey, Tone.INFO, texts.BOOKING_UNKNOWN, texts.BOOKING_UNKNOWN_BODY, buttons) != "again":
            raise JourneyOver("booking unknown")
        return None
    return await settled(journey, answer)


def _wait(ticket: Ticket) -> Text | None:
    return texts.WAIT.format(minutes=ticket.wait_minutes) if ticket.wait_minutes is not None else None


def _screen(journey: Journey, ticket: Ticket) -> QueueTicket:
    return QueueTicket(
        question=texts.YOUR_NUMBER,
        speech=Text(
            f"您的号码是 {ticket.number}，前面还有 {ticket.ahead} 位",
            f"Your number is {ticket.number}; {ticket.ahead} before you",
        ),
        trail=journey.trail(2),
        number=ticket.number,
        ahead=ticket.ahead,
        wait=_wait(ticket),
        window=Text(ticket.window_zh, ticket.window_en),
        matter=Text(ticket.matter_zh, ticket.matter_en),
    )


def _slip(journey: Journey, ticket: Ticket) -> Receipt:
    wait = _wait(ticket)
    return Receipt(
        (
            Heading(ticket.number),
            Line(journey.settings.site),
            Rule(),
            Pair("业务", ticket.matter_zh),
            Pair("窗口", ticket.window_zh),
            Pair("前面等候", f"{ticket.ahead} 位"),
            *((Pair("预计等候", wait.zh),) if wait is not None else ()),
            Pair("取号时间", minute(ticket.issued_at)),
            Rule(),
            Line("请留意叫号。过号请重新取号。"),
        )
    )
