"""The form: one group of fields a page, prefilled with the source shown, checked as it is typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from content.schema.forms import (
    ChoiceField,
    ChoicesField,
    FormField,
    IdNumberField,
    NumberField,
    Page,
    StatementField,
    TextField,
)
from content.schema.text import Text
from kiosk import form_rules
from kiosk.journeys import matter
from kiosk.journeys import service_texts as texts
from kiosk.journeys.context import Journey
from kiosk.journeys.steps import Move, StepCoroutine
from kiosk.journeys.steps.draft import can_save, save_and_leave
from kiosk.journeys.steps.fill import ask_choice_step, ask_number_step
from kiosk.journeys.steps.known import look_up
from kiosk.screens import Choice, Nav
from kiosk.service_screens import FieldKind, Filled, Form, FormEntry, SaveAndLeave

_KINDS = {
    "choice": FieldKind.CHOICE,
    "choices": FieldKind.CHOICES,
    "number": FieldKind.DIGITS,
    "text": FieldKind.TEXT,
    "phone": FieldKind.PHONE,
    "id-number": FieldKind.ID_NUMBER,
    "date": FieldKind.DATE,
    "amount": FieldKind.AMOUNT,
    "statement": FieldKind.STATEMENT,
}
_LENGTHS = {"phone": 11, "id-number": 18, "date": 10, "amount": 15}


def pages(journey: Journey, step: int) -> list[StepCoroutine]:
    """A step for each page; one that has nothing to ask now is passed over."""
    service = journey.service
    found = service.pages or [Page(id="all", title=service.title)]
    return [partial(_fill, journey, page, step) for page in found]


def short_questions(journey: Journey, step: int) -> list[StepCoroutine]:
    """A question a screen where touching or digits answer it; a page where something has to be written."""
    form = journey.service.form
    if all(isinstance(field, ChoiceField | NumberField) for field in form) and not journey.service.pages:
        return [
            ask_choice_step(journey, field, step)
            if isinstance(field, ChoiceField)
            else ask_number_step(journey, field, step)
            for field in form
            if isinstance(field, ChoiceField | NumberField)
        ]
    return pages(journey, step)


def page_of(journey: Journey, name: str) -> int:
    """The number, from 0, of the page on which a field is asked."""
    field = next((each for each in matter.fields(journey) if each.name == name), None)
    ids = [page.id for page in journey.service.pages]
    return ids.index(field.page) if field is not None and field.page in ids else 0


def on_page(journey: Journey, page: Page) -> list[FormField]:
    """Fields that name no page, or one that is not there, are on the first."""
    ids = [each.id for each in journey.service.pages]
    first = not ids or page.id == ids[0]
    return [field for field in matter.fields(journey) if field.page == page.id or (first and field.page not in ids)]


async def _fill(journey: Journey, page: Page, step: int) -> Move:
    await look_up(journey, step)
    note: Text | None = None
    while True:
        fields = on_page(journey, page)
        if not fields:
            return Move.SKIP
        answer = await journey.stage.ask(_screen(journey, page, fields, step, note))
        if isinstance(answer, Nav):
            return Move.BACK
        if isinstance(answer, SaveAndLeave):
            _keep(journey, fields, answer.values, finished=False)
            await save_and_leave(journey, step)
            continue  # it could not be saved, and the resident goes on here
        _keep(journey, fields, answer.values, finished=True)
        # An answer may have brought another field, or taken one away.
        now = on_page(journey, page)
        fault = form_rules.first_fault(now, matter.answers(journey) | _of(journey, now))
        if fault is None and {field.name for field in now} <= {field.name for field in fields}:
            return Move.ON
        known = fault is not None and fault[0] in fields
        note = fault[1] if fault is not None and known else texts.MORE_FIELDS


async def ask_field(journey: Journey, field: FormField, step: int, note: Text | None = None) -> Move:
    """One field by itself, which must be filled in here even where the form could do without it."""
    page = Page(id=field.name, title=field.label)
    while True:
        answer = await journey.stage.ask(_screen(journey, page, [field], step, note))
        if isinstance(answer, Nav):
            return Move.BACK
        if not isinstance(answer, Filled):
            continue
        _keep(journey, [field], answer.values, finished=True)
        value = journey.session.form.get(field.name, "")
        note = form_rules.wrong(field, value) or (None if value else field.hint or field.label)
        if note is None:
            return Move.ON


def _screen(journey: Journey, page: Page, fields: Sequence[FormField], step: int, note: Text | None) -> Form:
    by_name = {field.name: field for field in fields}

    def check(name: str, values: Mapping[str, str]) -> Text | None:
        field = by_name.get(name)
        return form_rules.wrong(field, values.get(name, "")) if field is not None else None

    return Form(
        question=page.title,
        speech=note or page.title,
        trail=journey.trail(step),
        fields=tuple(_entry(journey, field) for field in fields),
        check=check,
        can_save=can_save(journey),
        note=note,
    )


def _entry(journey: Journey, field: FormField) -> FormEntry:
    known = journey.session.known.get(field.name)
    value = journey.session.form.get(field.name)
    if known is not None and (known.locked or value is None):
        value = known.value
    value = value or ""
    options = field.options if isinstance(field, ChoiceField | ChoicesField) else []
    most = field.max_length if isinstance(field, TextField | NumberField) else _LENGTHS.get(field.kind, 60)
    return FormEntry(
        name=field.name,
        kind=_KINDS[field.kind],
        label=field.label,
        value=value,
        required=field.required,
        hint=field.hint,
        source=known.source if known is not None and known.value == value else None,
        locked=known is not None and known.locked,
        keyboard=field.keyboard if isinstance(field, TextField) else "hanzi",
        max_length=most,
        choices=tuple(Choice(option.value, option.label, option.hint) for option in options),
        statement=field.statement if isinstance(field, StatementField) else None,
        # Somebody may be looking on: a number that is there already need not stand there in the clear.
        private=bool(value) and (isinstance(field, IdNumberField) or bool(journey.session.helper)),
    )


def _keep(journey: Journey, fields: Sequence[FormField], values: Mapping[str, str], *, finished: bool) -> None:
    """Into the session. Of a page that is left half-way only what fits: a draft shall open without faults."""
    session = journey.session
    for field in fields:
        known = session.known.get(field.name)
        value = form_rules.tidy(field, values.get(field.name, ""))
        if known is not None and known.locked:
            value = known.value
        if value and (finished or form_rules.wrong(field, value) is None):
            session.form[field.name] = value
        else:
            session.form.pop(field.name, None)


def _of(journey: Journey, fields: Sequence[FormField]) -> dict[str, str]:
    form = journey.session.form
    return {field.name: form[field.name] for field in fields if field.name in form}
