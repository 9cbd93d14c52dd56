"""Whether a form's values fit, and what to write where they do not.

The rules are the form's JSON Schema (`content.schema.forms.json_schema`), and what JSON Schema cannot say: check
characters, days that exist, bounds that move with the calendar, least and most amounts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from jsonschema import Draft202012Validator

from content.codes.resident_number import check_resident_number, normalise
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
    asked,
    day_bound,
    json_schema,
)
from content.schema.text import Text
from kiosk.journeys import field_texts as texts

_PHONE_DIGITS = 11
_ID_CHARACTERS = 18


def today() -> date:
    return datetime.now(UTC).astimezone(ZoneInfo("Asia/Shanghai")).date()


def tidy(field: FormField, value: str) -> str:
    """The value as it is kept: without blanks at the ends, numbers without any, half-width."""
    if isinstance(field, IdNumberField | PhoneField | NumberField | AmountField | DateField):
        return normalise(value)
    if isinstance(field, ChoicesField):
        return " ".join(value.split())
    return value.strip()


def wrong(field: FormField, value: str, day: date | None = None) -> Text | None:
    """What is wrong with one value and what to write instead; None: it fits, or nothing was written yet."""
    value = tidy(field, value)
    if not value:
        return None
    if (special := _special(field, value, day or today())) is not None:
        return special
    if next(Draft202012Validator(field.value_schema()).iter_errors(value), None) is not None:
        return field.error or texts.GENERAL.format(label=field.label)
    return None


def missing(field: FormField, value: str) -> Text | None:
    """What to do about a required field that is empty, or a declaration that was not agreed to."""
    if not field.required:
        return None
    if isinstance(field, StatementField):
        return None if value == "yes" else texts.MISSING_STATEMENT.format(label=field.label)
    if value.strip():
        return None
    chosen = isinstance(field, ChoiceField | ChoicesField)
    return (texts.MISSING_CHOICE if chosen else texts.MISSING).format(label=field.label)


def first_fault(
    fields: Iterable[FormField], answers: Mapping[str, str], day: date | None = None
) -> tuple[FormField, Text] | None:
    """The first field, in the form's order, that does not fit or is missing."""
    for field in asked(fields, answers):
        value = answers.get(field.name, "")
        fault = wrong(field, value, day) or missing(field, value)
        if fault is not None:
            return field, fault
    return None


def fits(fields: Iterable[FormField], answers: Mapping[str, str], form: Mapping[str, str]) -> bool:
    """Whether `form` as a whole is what the schema asks for, given the answers: the last check before handing in."""
    schema = json_schema(list(fields), answers)
    return next(Draft202012Validator(schema).iter_errors(dict(form)), None) is None


def _special(field: FormField, value: str, day: date) -> Text | None:
    """The sentences that say more than `error` can: how much is missing, which day, which sum."""
    if isinstance(field, IdNumberField):
        return _id_number(value, day)
    if isinstance(field, DateField):
        return _date(field, value, day)
    if isinstance(field, AmountField):
        return _amount(field, value)
    if isinstance(field, PhoneField) and value.isascii() and value.isdigit() and len(value) < _PHONE_DIGITS:
        return texts.PHONE_SHORT.format(left=_PHONE_DIGITS - len(value))
    if isinstance(field, TextField):
        if len(value) < field.min_length:
            return field.error or texts.TEXT_SHORT.format(least=field.min_length)
        if len(value) > field.max_length:
            return texts.TEXT_LONG.format(most=field.max_length)
    return None


def _id_number(value: str, day: date) -> Text | None:
    if len(value) < _ID_CHARACTERS:
        return texts.ID_SHORT.format(left=_ID_CHARACTERS - len(value))
    fault = check_resident_number(value, day).fault
    return fault.text if fault is not None else None


def _date(field: DateField, value: str, day: date) -> Text | None:
    try:
        when = date.fromisoformat(value)
    except ValueError:
        return texts.DATE_WRONG
    if value != when.isoformat():  # other ISO forms, such as 20261122
        return texts.DATE_WRONG
    earliest, latest = day_bound(field.earliest, day), day_bound(field.latest, day)
    if earliest is not None and when < earliest:
        return field.error or texts.DATE_EARLY.format(day=day_words(earliest))
    if latest is not None and when > latest:
        return field.error or texts.DATE_LATE.format(day=day_words(latest))
    return None


def _amount(field: AmountField, value: str) -> Text | None:
    if not (value.isascii() and value.isdigit()):
        return texts.AMOUNT_WRONG
    fen = int(value)
    if fen < field.least_fen:
        return texts.AMOUNT_SMALL.format(least=yuan(field.least_fen))
    if fen > field.most_fen:
        return texts.AMOUNT_LARGE.format(most=yuan(field.most_fen))
    return None


def day_words(day: date) -> Text:
    return Text(f"{day.year}年{day.month}月{day.day}日", day.isoformat())


def yuan(fen: int) -> str:
    """`4340` → "43.40", `5000000` → "50,000": whole yuan without cents, as people say limits."""
    whole, cents = divmod(fen, 100)
    return f"{whole:,}" if not cents else f"{whole:,}.{cents:02d}"
