"""What a digit key does to a date, an amount, an identity number or plain digits: only what can become right is taken.

A draft is the text as typed: digits, for an amount also one "." (yuan.fen), for an identity number "X" at the end.
"""

from __future__ import annotations

import calendar

from content.schema.text import Text
from kiosk.service_screens import FieldKind, FormEntry
from kiosk.texts import MONTHS_EN

FIGURES = frozenset((FieldKind.DIGITS, FieldKind.PHONE, FieldKind.ID_NUMBER, FieldKind.DATE, FieldKind.AMOUNT))
_GROUPS = {FieldKind.PHONE: (3, 4, 4), FieldKind.ID_NUMBER: (6, 8, 4), FieldKind.DATE: (4, 2, 2)}
_YUAN_DIGITS = 9
POINT, CHECK = ".", "X"


def length(field: FormEntry) -> int:
    """The most characters of a draft."""
    return {
        FieldKind.PHONE: 11,
        FieldKind.ID_NUMBER: 18,
        FieldKind.DATE: 8,
        FieldKind.AMOUNT: _YUAN_DIGITS + 3,
    }.get(field.kind, field.max_length)


def groups(field: FormEntry) -> tuple[int, ...]:
    """How the places are grouped when they are shown."""
    if field.kind in _GROUPS:
        return _GROUPS[field.kind]
    total = length(field)
    return tuple(min(4, total - start) for start in range(0, total, 4))


def push(field: FormEntry, draft: str, key: str) -> str | None:
    """The draft after a key; None when the key cannot be meant here."""
    if field.kind is FieldKind.DATE:
        return _date(draft, key)
    if field.kind is FieldKind.AMOUNT:
        return _amount(draft, key)
    if len(draft) >= length(field):
        return None
    if key == CHECK:
        return draft + key if field.kind is FieldKind.ID_NUMBER and len(draft) == 17 else None
    if not key.isdigit() or (field.kind is FieldKind.PHONE and not draft and key != "1"):
        return None
    return draft + key


def _date(draft: str, key: str) -> str | None:
    """Eight digits, YYYYMMDD, of 1900 to 2099. A digit that can only be a whole month or day gets its 0; one that
    cannot follow "1" in a month makes that January."""
    if not key.isdigit() or len(draft) >= 8:
        return None
    made = draft + key
    if len(made) <= 4:
        return made if made[:2] in ("1", "2", "19", "20") else None
    if len(made) == 5:
        return made if key in "01" else f"{draft}0{key}"
    month = int(made[4:6])
    if len(made) == 6:
        if 1 <= month <= 12:
            return made
        return _date(f"{draft[:4]}01", key) if made[4] == "1" else None
    days = calendar.monthrange(int(made[:4]), month)[1]
    if len(made) == 7:
        return made if int(key) * 10 <= days else f"{draft}0{key}"
    return made if 1 <= int(made[6:]) <= days else None


def _amount(draft: str, key: str) -> str | None:
    if key == POINT:
        return None if POINT in draft else (draft or "0") + POINT
    if not key.isdigit():
        return None
    yuan, point, cents = draft.partition(POINT)
    if point:
        return draft + key if len(cents) < 2 else None
    if yuan == "0":
        return key
    return draft + key if len(yuan) < _YUAN_DIGITS else None


def value(field: FormEntry, draft: str) -> str:
    """The field's value: of a date YYYY-MM-DD as far as it is typed, of an amount the fen, else the draft."""
    if field.kind is FieldKind.DATE:
        return "-".join(part for part in (draft[:4], draft[4:6], draft[6:]) if part)
    if field.kind is FieldKind.AMOUNT:
        yuan, _, cents = draft.partition(POINT)
        return str(int(yuan) * 100 + int(cents.ljust(2, "0"))) if yuan else ""
    return draft


def draft_of(field: FormEntry, value_: str) -> str:
    """The draft a value came from."""
    if field.kind is FieldKind.DATE:
        return value_.replace("-", "")
    if field.kind is FieldKind.AMOUNT and value_.isdigit():
        yuan, cents = divmod(int(value_), 100)
        return f"{yuan}.{cents:02d}" if cents else str(yuan)
    return value_


def complete(field: FormEntry, draft: str) -> bool:
    """Whether all places are there that must be; what they hold is another question."""
    if field.kind in (FieldKind.DATE, FieldKind.PHONE, FieldKind.ID_NUMBER):
        return len(draft) == length(field)
    return bool(draft)


def shown(field: FormEntry, value_: str) -> Text:
    """A value as it is read."""
    draft = draft_of(field, value_)
    if field.kind is FieldKind.DATE:
        return _date_shown(draft)
    if field.kind is FieldKind.AMOUNT:
        yuan, point, cents = draft.partition(POINT)
        number = f"{int(yuan or 0):,}{point}{cents}"
        return Text(f"{number} 元", f"¥ {number}")
    if not draft.isalnum():
        return Text.same(draft)
    parts, at = [], 0
    for size in groups(field):
        parts.append(draft[at : at + size])
        at += size
    return Text.same(" ".join(part for part in parts if part))


def _date_shown(draft: str) -> Text:
    if len(draft) < 8:
        zh = "".join(
            part + sign for part, sign in ((draft[:4], " 年 "), (draft[4:6], " 月 "), (draft[6:], " 日")) if part
        )
        return Text(zh.strip(), " ".join(part for part in (draft[:4], draft[4:6], draft[6:]) if part))
    year, month, day = int(draft[:4]), int(draft[4:6]), int(draft[6:])
    return Text(f"{year} 年 {month} 月 {day} 日", f"{day} {MONTHS_EN[month - 1]} {year}")
