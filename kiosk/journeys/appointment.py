"""An appointment: explain → consent → card → what for → day → time → booked → slip."""

from __future__ import annotations

from functools import partial
from itertools import groupby

from backend.contract.service_api import Appointment, AppointmentRequest, ServiceProblem, Slot, SlotsQuery
from content.schema.forms import ChoiceField
from content.schema.text import Text
from drivers.receipt_printer.port import Heading, Line, Pair, Qr, Receipt, ReceiptPart, Rule
from kiosk.journeys import counter_texts as texts
from kiosk.journeys import matter
from kiosk.journeys import texts as common
from kiosk.journeys.apply import identify
from kiosk.journeys.context import Journey, JourneyOver
from kiosk.journeys.dates import near_day_text
from kiosk.journeys.steps import Move, StepCoroutine, walk
from kiosk.journeys.steps.counter import asked, new_intent, sent, settled, slip, who
from kiosk.journeys.steps.explain import ask_consent, show_guide
from kiosk.journeys.steps.finish import goodbye, rate
from kiosk.journeys.steps.form import pages
from kiosk.journeys.steps.messages import end_with, tell
from kiosk.journeys.steps.papers import papers_of
from kiosk.journeys.steps.situations import questions
from kiosk.link.client import Refusal
from kiosk.screens import Choice, Choose, Entry, Nav, Review, Tone
from kiosk.service_screens import PaperState


async def make_appointment(journey: Journey) -> None:
    """Ends like `issue_certificate`. A booking costs nothing and prints nothing that counts: no journal."""
    journey.steps = 4
    steps: list[StepCoroutine] = [
        partial(show_guide, journey),
        partial(ask_consent, journey),
        partial(identify, journey),
        *questions(journey, 2),
        *pages(journey, 2),
    ]
    move = await walk(steps)
    while True:
        if move is Move.BACK:
            raise JourneyOver("left at the guide")
        booked = await _choose_and_book(journey)
        if booked is not None:
            break
        move = await walk(steps, len(steps) - 1, forward=False)
    printed = await slip(journey, _slip(journey, booked))
    await tell(journey, Tone.GOOD, texts.BOOKED, texts.BOOKED_BODY, (Choice("ok", common.OK),), _entries(booked))
    await rate(journey, 4)
    reminders = [common.TAKE_CARD] if journey.session.card is not None else []
    await goodbye(journey, (*reminders, *([common.TAKE_SLIP] if printed else [])))


async def _choose_and_book(journey: Journey) -> Appointment | None:
    """None: gone back to the form."""
    query = SlotsQuery(service_id=journey.service.id, form=_form(journey))
    intent = new_intent("apt")
    while True:
        found = await asked(journey, journey.terminal.link.slots(query), texts.LOOKING_FOR_SLOTS, 3)
        free = [each for each in found.slots if each.left > 0]
        if not free:
            raise await end_with(journey, texts.NO_SLOTS, texts.NO_SLOTS_BODY, tone=Tone.INFO)
        slot = await _choose(journey, free)
        if slot is None:
            return None
        confirmed = await journey.stage.ask(_review(journey, slot))
        if isinstance(confirmed, Nav):
            continue
        form = _form(journey)
        phone = form.get("phone", "")
        request = AppointmentRequest(
            intent_id=intent,
            service_id=journey.service.id,
            slot_id=slot.slot_id,
            form=form,
            phone=phone,
            proof_id=who(journey)["proof_id"],
            name=who(journey)["name"],
            number=who(journey)["number"],
        )
        answer = await sent(
            journey, partial(journey.terminal.link.book, request), texts.BOOKING, texts.PERHAPS_BOOKED, 3
        )
        if isinstance(answer, Refusal) and answer.code == ServiceProblem.SLOT_TAKEN:
            await tell(journey, Tone.INFO, texts.SLOTS, texts.SLOT_GONE, (Choice("ok", common.OK),))
            intent = new_intent("apt")
            continue
        return await settled(journey, answer)


async def _choose(journey: Journey, free: list[Slot]) -> Slot | None:
    """First the day, then the time; BACK from the time goes to the day."""
    days = {day: list(slots) for day, slots in groupby(sorted(free, key=_order), key=lambda each: each.day)}
    while True:
        choices = tuple(
            Choice(
                day.isoformat(),
                near_day_text(day),
                texts.SLOT_LEFT.format(n=sum(slot.left for slot in slots)),
            )
            for day, slots in days.items()
        )
        day = await journey.stage.ask(
            Choose(question=texts.SLOTS_DAY, speech=texts.SLOTS_DAY, trail=journey.trail(3), choices=choices)
        )
        if isinstance(day, Nav):
            return None
        slots = next(found for key, found in days.items() if key.isoformat() == day)
        answer = await journey.stage.ask(
            Choose(
                question=texts.SLOTS,
                speech=texts.SLOTS,
                trail=journey.trail(3),
                choices=tuple(
                    Choice(
                        slot.slot_id,
                        Text.same(f"{slot.from_time}–{slot.to_time}"),
                        Text(
                            f"{slot.place_zh}，{texts.SLOT_LEFT.format(n=slot.left).zh}",
                            f"{slot.place_en}, {texts.SLOT_LEFT.format(n=slot.left).en}",
                        ),
                    )
                    for slot in slots
                ),
            )
        )
        if not isinstance(answer, Nav):
            return next(slot for slot in slots if slot.slot_id == answer)


def _order(slot: Slot) -> tuple[str, str, str]:
    return slot.day.isoformat(), slot.from_time, slot.slot_id


def _form(journey: Journey) -> dict[str, str]:
    """The guided questions' answers belong to it: the department sees one set of answers."""
    return matter.situation(journey) | matter.form(journey)


def _when(slot: Slot) -> Text:
    day = near_day_text(slot.day)
    return Text(f"{day.zh} {slot.from_time}–{slot.to_time}", f"{day.en}, {slot.from_time}–{slot.to_time}")


def _review(journey: Journey, slot: Slot) -> Review:
    return Review(
        question=texts.CHECK_BOOKING,
        speech=texts.CHECK_BOOKING,
        trail=journey.trail(3),
        entries=(
            Entry(texts.MATTER, journey.service.title),
            *_chosen(journey),
            Entry(texts.WHEN, _when(slot)),
            Entry(texts.WHERE, Text(slot.place_zh, slot.place_en)),
        ),
        confirm=texts.BOOK,
    )


def _chosen(journey: Journey) -> list[Entry]:
    """What it is for: the answers that were chosen from a list."""
    form = journey.session.form
    return [
        Entry(field.label, option.label)
        for field in matter.fields(journey)
        if isinstance(field, ChoiceField)
        for option in field.options
        if option.value == form.get(field.name)
    ]


def _entries(booked: Appointment) -> tuple[Entry, ...]:
    return (
        Entry(texts.BOOKING_NO, Text.same(booked.booking_no)),
        Entry(texts.WHEN, _when(booked.slot)),
        Entry(texts.WHERE, Text(booked.slot.place_zh, booked.slot.place_en)),
    )


def _to_bring(journey: Journey) -> list[ReceiptPart]:
    """What the guides promise to be on this slip: the papers for the answers given, or the guide's own words where
    the service names no paper singly."""
    papers = [paper for paper in papers_of(journey) if paper.state is not PaperState.NOT_NEEDED]
    names = [paper.name.zh for paper in papers] or [journey.service.guide.materials.zh]
    return [Line("要带的东西", bold=True), *(Line(f"　{name}") for name in names)]


def _slip(journey: Journey, booked: Appointment) -> Receipt:
    return Receipt(
        (
            Heading("预约单"),
            Line(journey.settings.site),
            Rule(),
            Pair("事项", booked.title_zh),
            Pair("预约号", booked.booking_no, large=True),
            Pair("时间", _when(booked.slot).zh),
            Pair("地点", booked.slot.place_zh),
            Rule(),
            *_to_bring(journey),
            Rule(),
            Qr(booked.booking_no, "到场取号时扫这个码"),
            Line(texts.BOOKED_BODY.zh),
            Pair("终端", journey.settings.terminal),
        )
    )
