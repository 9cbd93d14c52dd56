"""Everything once more before it counts, masked; BACK goes to the page it was written on. And how results come."""

from __future__ import annotations

from datetime import date

from content.codes.masking import mask_account, mask_id_number, mask_name, mask_phone
from content.schema.base import holds
from content.schema.forms import (
    AmountField,
    ChoiceField,
    ChoicesField,
    DateField,
    FormField,
    IdNumberField,
    NumberField,
    PhoneField,
    StatementField,
    TextField,
)
from content.schema.text import Text
from kiosk import form_rules
from kiosk.journeys import matter
from kiosk.journeys import service_texts as texts
from kiosk.journeys.context import Journey
from kiosk.journeys.dates import day_text
from kiosk.journeys.steps import Move
from kiosk.journeys.steps.papers import handed_in
from kiosk.journeys.steps.record import masked
from kiosk.screens import Choice, Choose, Entry, Nav, Review

_LONG_NUMBER = 8  # digits: from here on a number is somebody's account


async def review(journey: Journey, step: int) -> Move:
    answer = await journey.stage.ask(
        Review(
            question=texts.REVIEW,
            speech=texts.REVIEW,
            trail=journey.trail(step),
            entries=review_entries(journey),
            confirm=texts.HAND_IN,
            note=texts.REVIEW_NOTE,
        )
    )
    return Move.BACK if isinstance(answer, Nav) else Move.ON


async def choose_delivery(journey: Journey, step: int) -> Move:
    """Where more than one way is open; all results of a matter come the same way."""
    ways = deliveries(journey)
    if len(ways) == 1:
        journey.session.delivery = ways[0]
        return Move.SKIP
    answer = await journey.stage.ask(
        Choose(
            question=texts.DELIVERY,
            speech=texts.DELIVERY,
            trail=journey.trail(step),
            choices=tuple(Choice(way, texts.DELIVERIES[way]) for way in ways),
        )
    )
    if isinstance(answer, Nav):
        return Move.BACK
    journey.session.delivery = answer
    return Move.ON


def deliveries(journey: Journey) -> list[str]:
    """The ways of the matter's result. The receipt comes out here in any case and leaves no choice."""
    results = [each for each in journey.service.results if each.kind != "receipt"] or journey.service.results
    choice = next((each for each in results if len(each.delivery) > 1), None)
    if choice is not None:
        return list(dict.fromkeys(choice.delivery))
    return [results[0].delivery[0]] if results else ["counter"]


def besides(journey: Journey) -> list[Entry]:
    """Results that come another way than the chosen one, where a matter has several."""
    session, others = journey.session, [each for each in journey.service.results if each.kind != "receipt"]
    return [
        Entry(result.name, texts.DELIVERIES[result.delivery[0]])
        for result in others
        if session.delivery is not None and len(others) > 1 and session.delivery not in result.delivery
    ]


def review_entries(journey: Journey) -> tuple[Entry, ...]:
    session = journey.session
    entries: list[Entry] = []
    if session.licence_claims is not None:
        entries.append(Entry(texts.ORGANISATION, Text.same(session.licence_claims.name)))
    if session.principal is not None:
        name = mask_name(session.principal.principal_name)
        entries.append(Entry(texts.PRINCIPAL_ENTRY, Text.same(name)))
    if journey.service.package is not None:
        titles = [part.title for part in matter.chosen_parts(journey)]
        entries.append(Entry(texts.PARTS_ENTRY, Text("、".join(t.zh for t in titles), ", ".join(t.en for t in titles))))
    given = matter.situation(journey)
    for each in matter.situations(journey):
        label = next((option.label for option in each.options if option.value == given.get(each.name)), None)
        if label is not None:
            entries.append(Entry(each.question, label))
    form = matter.form(journey)
    known = session.known
    for field in matter.fields(journey):
        if field.name in form:
            source = known[field.name].source if field.name in known else None
            entries.append(Entry(field.label, shown(journey, field, form[field.name]), source))
    names = {material.id: material.name for material in matter.materials(journey)}
    entries += [
        Entry(names[each.id], texts.PAPERS_COME[each.how].format(n=len(each.scans)))
        for each in handed_in(journey)
        if each.how in texts.PAPERS_COME
    ]
    entries += [
        Entry(
            texts.FEE.format(name=fee.name),
            texts.FEE_LATER if fee.amount_fen is None else Text.same(f"¥{form_rules.yuan(fee.amount_fen)}"),
        )
        for fee in journey.service.fees
        if fee.amount_fen != 0 and holds(fee.when, matter.answers(journey))
    ]
    if session.delivery is not None and len(deliveries(journey)) > 1:
        entries.append(Entry(texts.DELIVERY_ENTRY, texts.DELIVERIES[session.delivery]))
    entries += besides(journey)
    return tuple(entries)


def shown(journey: Journey, field: FormField, value: str) -> Text:
    """As it may stand on the screen. A helper who joined looks on: then nothing that was written is in the clear."""
    if journey.session.helper and isinstance(field, TextField | NumberField | DateField | AmountField):
        return Text.same(masked(value))
    return _masked(field, value)


def _masked(field: FormField, value: str) -> Text:
    if isinstance(field, ChoiceField | ChoicesField):
        labels = [option.label for option in field.options if option.value in value.split()]
        return Text("、".join(label.zh for label in labels), ", ".join(label.en for label in labels))
    if isinstance(field, StatementField):
        return texts.AGREED if value == "yes" else texts.NOT_AGREED
    if isinstance(field, DateField):
        return day_text(date.fromisoformat(value))
    if isinstance(field, AmountField):
        return Text.same(f"¥{form_rules.yuan(int(value))}")
    if isinstance(field, IdNumberField):
        return Text.same(mask_id_number(value))
    if isinstance(field, PhoneField):
        return Text.same(mask_phone(value))
    if isinstance(field, NumberField) and len(value) >= _LONG_NUMBER:
        return Text.same(mask_account(value))
    source = field.prefill.value if field.prefill is not None else ""
    if source == "card.name":
        return Text.same(mask_name(value))
    if source == "card.number":
        return Text.same(mask_id_number(value))
    return Text.same(value)
