"""A value that fits a field: the shortest its pattern allows, a day within its bounds, the first of its options."""

from __future__ import annotations

import re._constants as sre
import re._parser as sre_parse
from datetime import date, timedelta
from typing import Any

from content.schema.forms import (
    AmountField,
    ChoiceField,
    ChoicesField,
    DateField,
    FormField,
    IdNumberField,
    NumberField,
    PhoneField,
    TextField,
    day_bound,
)

PHONE = "13800000017"
SOMEBODY = "519999194912310181"  # 陈示例


def sample(field: FormField, today: date) -> str:
    match field:
        case ChoiceField() | ChoicesField():
            return field.options[0].value
        case NumberField():
            return longer(field.pattern, field.min_length or field.max_length)
        case TextField():
            if field.pattern:
                return longer(field.pattern, field.min_length)
            return ("示范" * 500)[: max(2, field.min_length)][: field.max_length]
        case PhoneField():
            return PHONE
        case IdNumberField():
            return SOMEBODY
        case DateField():
            return _day(field, today).isoformat()
        case AmountField():
            return str(max(field.least_fen, min(field.most_fen, 10_000)))
    return "yes"


def _day(field: DateField, today: date) -> date:
    earliest, latest = day_bound(field.earliest, today), day_bound(field.latest, today)
    if latest is not None and latest < today:
        return latest
    if earliest is not None and earliest > today:
        return earliest
    return today if latest is None or latest >= today else today - timedelta(days=1)


def longer(pattern: str, length: int) -> str:
    """A match of `pattern`, of at least `length` characters where its repetitions allow it."""
    for extra in range(65):
        found = _matching(sre_parse.parse(pattern), extra)
        if len(found) >= length and re_full(pattern, found):
            return found
    raise AssertionError(f"no sample for {pattern!r}")


def re_full(pattern: str, text: str) -> bool:
    import re

    return re.fullmatch(pattern, text) is not None


def _matching(parsed: Any, extra: int) -> str:
    out = ""
    for kind, value in parsed:
        if kind is sre.LITERAL:
            out += chr(value)
        elif kind is sre.NOT_LITERAL:
            out += "a" if value != ord("a") else "b"
        elif kind is sre.IN:
            out += _of_class(value)
        elif kind is sre.ANY:
            out += "示"
        elif kind in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            least, most, inner = value
            out += _matching(inner, 0) * min(int(most), least + extra)
        elif kind is sre.SUBPATTERN:
            out += _matching(value[3], extra)
        elif kind is sre.BRANCH:
            out += _matching(value[1][0], extra)
        elif kind is sre.CATEGORY:
            out += _of_class([(kind, value)])
        # AT (^, $) and assertions take no character.
    return out


def _of_class(items: Any) -> str:
    negated = False
    for kind, value in items:
        if kind is sre.NEGATE:
            negated = True
        elif kind is sre.LITERAL and not negated:
            return chr(value)
        elif kind is sre.RANGE and not negated:
            # 1 rather than 0: numbers seldom begin with nought.
            return "1" if value[0] <= ord("1") <= value[1] else chr(value[0])
        elif kind is sre.CATEGORY and not negated:
            return {sre.CATEGORY_DIGIT: "1", sre.CATEGORY_SPACE: " "}.get(value, "a")
    return "示"
