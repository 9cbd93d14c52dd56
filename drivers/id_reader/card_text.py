"""The 256-byte text block of a card: UTF-16LE, fields padded with spaces (GA/T 490 and its successors).

The two bytes at offset 248 tell the layout: 'J' residence permit of Hong Kong, Macao and Taiwan residents,
'I' foreigners' permanent residence of 2017, 'Y' of 2023, anything else a resident's card.
"""

from __future__ import annotations

import re
from datetime import date

from drivers.gb11643 import is_citizen_number
from drivers.id_reader.frames import TEXT_BYTES, CardContent
from drivers.id_reader.port import CardKind, IdCard, ReadFault

Span = tuple[int, int]  # offset and bytes

KIND_AT: Span = (248, 2)
NAME: Span = (0, 30)
SEX: Span = (30, 2)
NATION: Span = (32, 4)
BIRTH: Span = (36, 16)
ADDRESS: Span = (52, 70)
NUMBER: Span = (122, 36)
ISSUER: Span = (158, 30)
VALID_FROM: Span = (188, 16)
VALID_TO: Span = (204, 16)

I_ENGLISH_NAME: Span = (0, 120)
I_SEX: Span = (120, 2)
I_NUMBER: Span = (122, 30)
I_CHINESE_NAME: Span = (158, 30)
I_BIRTH: Span = (220, 16)
I_AUTHORITY: Span = (240, 8)

Y_ENGLISH_NAME: Span = (52, 70)

LONG_TERM = "长期"
SEXES = frozenset("0129")  # GB/T 2261.1

_EIGHT_DIGITS = re.compile(r"[0-9]{8}")
_PERMIT_2017 = re.compile(r"[A-Z]{3}[0-9]{12}")


class _Nonsense(Exception):
    """Never leaves this module, and never carries what was read."""


def parse_card(content: CardContent, *, allow_foreigner_2023: bool) -> IdCard | ReadFault:
    """The card, or UNREADABLE when its text makes no sense, or UNSUPPORTED.

    `allow_foreigner_2023`: the layout of 'Y' is not confirmed by a published standard, so an agency switches it on
    after trying it with its own reader.
    """
    if len(content.text) != TEXT_BYTES:
        return ReadFault.UNREADABLE
    try:
        match _field(content.text, KIND_AT):
            case "I":
                return _foreigner_2017(content)
            case "Y":
                return _foreigner_2023(content) if allow_foreigner_2023 else ReadFault.UNSUPPORTED
            case "J":
                return _resident(content, CardKind.HMT_RESIDENCE)
            case _:
                return _resident(content, CardKind.RESIDENT)
    except _Nonsense:
        return ReadFault.UNREADABLE


def _resident(content: CardContent, kind: CardKind) -> IdCard:
    text = content.text
    birth = _date(_field(text, BIRTH))
    valid_from, valid_to = _validity(text)
    return IdCard(
        kind=kind,
        name=_required(text, NAME),
        sex=_sex(text, SEX),
        nation=_field(text, NATION) if kind is CardKind.RESIDENT else "",
        birth=birth,
        address=_field(text, ADDRESS),
        number=_citizen_number(text, birth),
        issuer=_field(text, ISSUER),
        valid_from=valid_from,
        valid_to=valid_to,
        photo=content.photo,
    )


def _foreigner_2017(content: CardContent) -> IdCard:
    text = content.text
    number = _field(text, I_NUMBER).upper()
    if not _PERMIT_2017.fullmatch(number):
        raise _Nonsense
    valid_from, valid_to = _validity(text)
    return IdCard(
        kind=CardKind.FOREIGNER_2017,
        name=_field(text, I_CHINESE_NAME) or _required(text, I_ENGLISH_NAME),
        sex=_sex(text, I_SEX),
        nation="",
        birth=_date(_field(text, I_BIRTH)),
        address="",
        number=number,
        issuer=_field(text, I_AUTHORITY),
        valid_from=valid_from,
        valid_to=valid_to,
        photo=content.photo,
    )


def _foreigner_2023(content: CardContent) -> IdCard:
    text = content.text
    birth = _date(_field(text, BIRTH))
    number = _citizen_number(text, birth)
    if not number.startswith("9"):
        raise _Nonsense
    valid_from, valid_to = _validity(text)
    return IdCard(
        kind=CardKind.FOREIGNER_2023,
        name=_field(text, NAME) or _required(text, Y_ENGLISH_NAME),
        sex=_sex(text, SEX),
        nation="",
        birth=birth,
        address="",
        number=number,
        issuer="",
        valid_from=valid_from,
        valid_to=valid_to,
        photo=content.photo,
    )


def _field(text: bytes, span: Span) -> str:
    """Without padding: spaces by the standard, NUL on some test cards."""
    offset, length = span
    try:
        return text[offset : offset + length].decode("utf-16-le").strip(" \x00\u3000")
    except UnicodeDecodeError:
        raise _Nonsense from None  # the original error would carry the bytes


def _required(text: bytes, span: Span) -> str:
    if not (value := _field(text, span)):
        raise _Nonsense
    return value


def _sex(text: bytes, span: Span) -> str:
    if (value := _field(text, span)) not in SEXES:
        raise _Nonsense
    return value


def _date(value: str) -> date:
    if not _EIGHT_DIGITS.fullmatch(value):
        raise _Nonsense
    try:
        return date(int(value[:4]), int(value[4:6]), int(value[6:]))
    except ValueError:
        raise _Nonsense from None


def _validity(text: bytes) -> tuple[date, date | None]:
    valid_from = _date(_field(text, VALID_FROM))
    last = _field(text, VALID_TO)
    valid_to = None if last == LONG_TERM else _date(last)
    if valid_to is not None and valid_to < valid_from:
        raise _Nonsense
    return valid_from, valid_to


def _citizen_number(text: bytes, birth: date) -> str:
    """Upper case: a few old cards and many test cards say x."""
    number = _field(text, NUMBER).upper()
    if not is_citizen_number(number) or number[6:14] != birth.strftime("%Y%m%d"):
        raise _Nonsense
    return number
