"""The fence behind the terminal's own checks: a form holds exactly what its service asks, each value as declared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from jsonschema import Draft202012Validator, FormatChecker

from backend.contract.service_api import ServiceProblem
from backend.problems import Refused
from content.codes.resident_number import check_resident_number
from content.schema.forms import AmountField, ChoicesField, DateField, FormField, TextField, asked, day_bound
from content.schema.service import ChoiceField, Service
from content.schema.text import Text

_SHANGHAI = ZoneInfo("Asia/Shanghai")
_FORMATS = FormatChecker(("date",))
_FORMATS.checks("resident-number")(lambda value: isinstance(value, str) and check_resident_number(value).fault is None)
UNKNOWN = "unknown-field"


def check_form(
    service: Service, form: Mapping[str, str], situation: Mapping[str, str] | None = None, *, whole: bool = True
) -> None:
    """Raises Refused(FORM_INVALID) whose detail names the field, never a value. An empty value of a field that need
    not be filled in counts as left out; not `whole`: so does any other."""
    today = datetime.now(_SHANGHAI).date()
    wrong = wrong_field(service.form, form, situation or {}, today, whole=whole)
    if wrong is not None:
        raise Refused(ServiceProblem.FORM_INVALID, wrong)


def wrong_field(
    fields: Iterable[FormField],
    form: Mapping[str, str],
    situation: Mapping[str, str],
    today: date,
    *,
    whole: bool = True,
) -> str | None:
    """The first field that does not fit; None if the form is well. `today`: in China."""
    shown = asked(fields, {**situation, **form})
    if set(form) - {field.name for field in shown}:
        return UNKNOWN  # its name is the sender's text, too
    for field in shown:
        value = form.get(field.name, "")
        if not value and not (field.required and whole):
            continue
        if not fits(field, value, today):
            return field.name
    return None


def words_of(service: Service, form: Mapping[str, str]) -> dict[str, Text]:
    """The form's values as a person reads them: a choice by its label."""
    words = {name: Text.same(value) for name, value in form.items() if value}
    for field in service.form:
        if isinstance(field, ChoiceField):
            labels = {option.value: option.label for option in field.options}
            if form.get(field.name) in labels:
                words[field.name] = labels[form[field.name]]
    return words


def fits(field: FormField, value: str, today: date) -> bool:
    """Whether one value is as its field declares it. `today`: in China."""
    # `$` of a pattern lets a line break pass at the end.
    allowed = "\n" if isinstance(field, TextField) else ""
    if any(not letter.isprintable() and letter not in allowed for letter in value):
        return False
    if not Draft202012Validator(field.value_schema(), format_checker=_FORMATS).is_valid(value):
        return False
    if isinstance(field, DateField):
        day, first, last = date.fromisoformat(value), day_bound(field.earliest, today), day_bound(field.latest, today)
        return (first is None or first <= day) and (last is None or day <= last)
    if isinstance(field, AmountField):
        return field.least_fen <= int(value) <= field.most_fen
    if isinstance(field, ChoicesField):
        chosen = value.split()
        return len(chosen) >= field.least and len(set(chosen)) == len(chosen)
    if isinstance(field, TextField):
        return bool(value.strip()) or not field.min_length
    return True
