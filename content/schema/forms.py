"""Forms: fields with layout hints and sources of their values; as JSON Schema for whoever validates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from content.schema.base import NAME, Condition, Model, holds
from content.schema.text import Text

# Values of a card that prefill a field on the terminal itself, without asking anybody.
CARD_VALUES = ("name", "number", "sex", "nation", "birth", "address", "issuer", "valid_until")
# The same of an electronic business licence (L1, L2).
LICENCE_VALUES = ("uscc", "name", "legal_rep", "valid_until")


class Prefill(Model):
    """Where a field's value comes from before the resident touches it.

    `value`: `card.NAME` (one of CARD_VALUES), `licence.NAME` (one of LICENCE_VALUES), or
    `DEPARTMENT.DEED:FIELD`, a field of a record operation's answer.
    `locked`: may be seen, not changed: a correction is the source's matter (数据异议).
    """

    value: str = Field(pattern=r"^(card\.[a-z_]+|licence\.[a-z_]+|[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*:[a-z_]+)$")
    source: Text  # shown as a badge
    locked: bool = False


class Option(Model):
    value: str = Field(pattern=r"^\S+$")
    label: Text
    hint: Text | None = None


class _Field(Model):
    name: str = Field(pattern=NAME)
    label: Text
    question: Text | None = None  # where the field is asked alone on a screen; None: the label
    page: str = ""  # id of a Page; "": on the first
    fact: str | None = Field(default=None, pattern=NAME)  # what is asked once in a package; None: the field's name
    required: bool = True
    when: Condition = {}
    prefill: Prefill | None = None
    hint: Text | None = None
    error: Text | None = None  # what to write, when it does not fit

    @property
    def shared_as(self) -> str:
        return self.fact or self.name

    def value_schema(self) -> dict[str, Any]:
        """JSON Schema of the value, a string."""
        return {"type": "string"}


class ChoiceField(_Field):
    kind: Literal["choice"]
    question: Text
    options: list[Option] = Field(min_length=2)

    def value_schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": [option.value for option in self.options]}


class ChoicesField(_Field):
    """Several of the options; the value holds theirs separated by spaces."""

    kind: Literal["choices"]
    options: list[Option] = Field(min_length=2)
    least: int = Field(default=1, ge=0)

    def value_schema(self) -> dict[str, Any]:
        # Escaped, and "-" not: outside of brackets ECMA's dialect knows no such escape.
        one = "|".join(re.escape(option.value).replace(r"\-", "-") for option in self.options)
        return {"type": "string", "pattern": f"^(({one})( ({one}))*)?$" if self.least == 0 else f"^({one})( ({one}))*$"}


class NumberField(_Field):
    """Digits typed on the keypad, or scanned."""

    kind: Literal["number"]
    question: Text
    hint: Text
    pattern: str  # the whole answer must match
    min_length: int | None = Field(default=None, gt=0, le=32)  # None: exactly max_length digits
    max_length: int = Field(gt=0, le=32)
    group: int = Field(default=4, gt=0, le=32)  # digits are shown in groups of this many
    scannable: bool = False
    error: Text  # what to do when the number does not match

    def value_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^(?:{self.pattern})$"}


class TextField(_Field):
    """Words, written with the keyboards on the screen."""

    kind: Literal["text"]
    keyboard: Literal["hanzi", "letters"] = "hanzi"  # which one opens first
    min_length: int = Field(default=1, ge=0)
    max_length: int = Field(default=60, gt=0, le=1000)
    pattern: str | None = None

    def value_schema(self) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "string", "minLength": self.min_length, "maxLength": self.max_length}
        return schema | ({"pattern": f"^(?:{self.pattern})$"} if self.pattern else {})


class PhoneField(_Field):
    """A mobile number of the mainland, 11 digits."""

    kind: Literal["phone"]

    def value_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": r"^1[3-9]\d{9}$"}


class IdNumberField(_Field):
    """Another person's resident identity number (a child, a spouse, a principal); its check character is verified."""

    kind: Literal["id-number"]

    def value_schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "resident-number", "pattern": r"^\d{17}[\dX]$"}


class DateField(_Field):
    """`YYYY-MM-DD`. `earliest` and `latest`: a date, or days from today such as `+7` or `-3650`."""

    kind: Literal["date"]
    earliest: str | None = Field(default=None, pattern=r"^(\d{4}-\d{2}-\d{2}|[+-]\d{1,5})$")
    latest: str | None = Field(default=None, pattern=r"^(\d{4}-\d{2}-\d{2}|[+-]\d{1,5})$")

    def value_schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date"}


class AmountField(_Field):
    """Money; the value is integer fen as digits."""

    kind: Literal["amount"]
    most_fen: int = Field(gt=0, lt=10**15)
    least_fen: int = Field(default=1, ge=0, lt=10**15)

    def value_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": r"^\d{1,15}$"}


class StatementField(_Field):
    """Something to be declared (告知承诺, 如实填报): the text is read and agreed to; the value is "yes".

    `optional` statements of 告知承诺 leave the choice to hand in the proof instead (`required: false`)."""

    kind: Literal["statement"]
    statement: Text

    def value_schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": ["yes"] if self.required else ["yes", "no"]}


FormField = Annotated[
    ChoiceField
    | ChoicesField
    | NumberField
    | TextField
    | PhoneField
    | IdNumberField
    | DateField
    | AmountField
    | StatementField,
    Field(discriminator="kind"),
]


class Page(Model):
    """One screen of a form: the fields that name it, in their order."""

    id: str = Field(pattern=NAME)
    title: Text


def asked(fields: Iterable[FormField], answers: Mapping[str, str]) -> list[FormField]:
    """The fields that apply to these answers."""
    return [field for field in fields if holds(field.when, dict(answers))]


def json_schema(fields: Iterable[FormField], answers: Mapping[str, str]) -> dict[str, Any]:
    """JSON Schema (2020-12) of the form's values, given what was answered so far; unknown names are refused."""
    shown = asked(fields, answers)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {field.name: {"title": field.label.zh, **field.value_schema()} for field in shown},
        "required": [field.name for field in shown if field.required],
        "additionalProperties": False,
    }


def day_bound(bound: str | None, today: date) -> date | None:
    """The day a DateField's bound means today."""
    if bound is None:
        return None
    if bound[0] in "+-":
        return date.fromordinal(today.toordinal() + int(bound))
    return date.fromisoformat(bound)
