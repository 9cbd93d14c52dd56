"""The 256-byte text block of a card: UTF-16LE, fields padded with spaces (GA/T 490 and its successors).

The two bytes at offset 248 tell the layout: 'J' residence permit of Hong Kong, Macao and Taiwan residents,
'I' foreigners' permanent residence of 2017, 'Y' of 2023, anything else a resident's card.

What is refused and what is cleaned is decided in `field_text`; here is refused besides what contradicts itself: a
number whose check character is wrong or that has another birthday, a card valid before its holder was born or whose
last day is before its first, a permit with a number that its kind does not have.
"""

from __future__ import annotations

import re
from datetime import date

from drivers.gb11643 import is_citizen_number
from drivers.id_reader.field_text import Nonsense, Span, day, exact, free, last_day, name, sex
from drivers.id_reader.frames import TEXT_BYTES, CardContent
from drivers.id_reader.port import CardKind, IdCard, ReadFault

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

J_TRAVEL_PERMIT: Span = (220, 18)
J_ISSUE_COUNT: Span = (238, 4)
J_PREFIXES = ("810000", "820000", "830000")  # Hong Kong, Macao, Taiwan

I_ENGLISH_NAME: Span = (0, 120)
I_SEX: Span = (120, 2)
I_NUMBER: Span = (122, 30)
I_NATIONALITY: Span = (152, 6)
I_CHINESE_NAME: Span = (158, 30)
I_BIRTH: Span = (220, 16)
I_AUTHORITY: Span = (240, 8)

Y_ENGLISH_NAME: Span = (52, 70)
Y_PREFIX = "9"

_PERMIT_2017 = re.compile(r"[A-Z]{3}[0-9]{12}")


def parse_card(content: CardContent, *, allow_foreigner_2023: bool) -> IdCard | ReadFault:
    """The card, or UNREADABLE when its text makes no sense, or UNSUPPORTED.

    `allow_foreigner_2023`: the layout of 'Y' is not confirmed by a published standard, so an agency switches it on
    after trying it with its own reader.
    """
    if len(content.text) != TEXT_BYTES:
        return ReadFault.UNREADABLE
    try:
        match free(content.text, KIND_AT):
            case "I":
                return _foreigner_2017(content)
            case "Y":
                return _foreigner_2023(content) if allow_foreigner_2023 else ReadFault.UNSUPPORTED
            case "J":
                return _hmt_residence(content)
            case _:
                return _resident(content)
    except Nonsense:
        return ReadFault.UNREADABLE


def has_address(content: CardContent) -> bool:
    """Whether this kind of card has an address, to which a newer one can be appended."""
    return len(content.text) == TEXT_BYTES and free(content.text, KIND_AT) not in ("I", "Y")


def _resident(content: CardContent) -> IdCard:
    text = content.text
    birth = day(text, BIRTH)
    valid_from, valid_to = _validity(text, birth)
    return IdCard(
        kind=CardKind.RESIDENT,
        name=_name(text, NAME),
        sex=sex(text, SEX),
        nation=free(text, NATION),  # any code: no reading may fail on a nation
        birth=birth,
        address=free(text, ADDRESS),
        number=_citizen_number(text, birth),
        issuer=free(text, ISSUER),
        valid_from=valid_from,
        valid_to=valid_to,
        photo=content.photo,
        fingerprint=content.fingerprint,
        new_address=_new_address(content),
    )


def _hmt_residence(content: CardContent) -> IdCard:
    text = content.text
    birth = day(text, BIRTH)
    valid_from, valid_to = _validity(text, birth)
    return IdCard(
        kind=CardKind.HMT_RESIDENCE,
        name=_name(text, NAME),
        sex=sex(text, SEX),
        nation="",
        birth=birth,
        address=free(text, ADDRESS),
        number=_citizen_number(text, birth, J_PREFIXES),
        issuer=free(text, ISSUER),
        valid_from=valid_from,
        valid_to=valid_to,
        photo=content.photo,
        fingerprint=content.fingerprint,
        new_address=_new_address(content),
        travel_permit=free(text, J_TRAVEL_PERMIT),
        issue_count=free(text, J_ISSUE_COUNT),
    )


def _foreigner_2017(content: CardContent) -> IdCard:
    text = content.text
    number = exact(text, I_NUMBER).upper()
    if not _PERMIT_2017.fullmatch(number):
        raise Nonsense
    birth = day(text, I_BIRTH)
    valid_from, valid_to = _validity(text, birth)
    english_name = name(text, I_ENGLISH_NAME)
    return IdCard(
        kind=CardKind.FOREIGNER_2017,
        name=_name(text, I_CHINESE_NAME, english_name),
        sex=sex(text, I_SEX),
        nation="",
        birth=birth,
        address="",
        number=number,
        issuer=free(text, I_AUTHORITY),
        valid_from=valid_from,
        valid_to=valid_to,
        photo=content.photo,
        fingerprint=content.fingerprint,
        english_name=english_name,
        nationality=free(text, I_NATIONALITY),
    )


def _foreigner_2023(content: CardContent) -> IdCard:
    text = content.text
    birth = day(text, BIRTH)
    valid_from, valid_to = _validity(text, birth)
    english_name = name(text, Y_ENGLISH_NAME)
    return IdCard(
        kind=CardKind.FOREIGNER_2023,
        name=_name(text, NAME, english_name),
        sex=sex(text, SEX),
        nation="",
        birth=birth,
        address="",
        number=_citizen_number(text, birth, (Y_PREFIX,)),
        issuer="",
        valid_from=valid_from,
        valid_to=valid_to,
        photo=content.photo,
        fingerprint=content.fingerprint,
        english_name=english_name,
    )


def _name(text: bytes, span: Span, otherwise: str = "") -> str:
    if not (value := name(text, span) or otherwise):
        raise Nonsense
    return value


def _new_address(content: CardContent) -> str:
    return free(content.new_address, (0, len(content.new_address)))


def _validity(text: bytes, birth: date) -> tuple[date, date | None]:
    valid_from, valid_to = day(text, VALID_FROM), last_day(text, VALID_TO)
    if valid_from < birth or (valid_to is not None and valid_to < valid_from):
        raise Nonsense
    return valid_from, valid_to


def _citizen_number(text: bytes, birth: date, prefixes: tuple[str, ...] = ("",)) -> str:
    """Upper case: a few old cards and many test cards say x."""
    number = exact(text, NUMBER).upper()
    if not is_citizen_number(number) or number[6:14] != birth.strftime("%Y%m%d") or not number.startswith(prefixes):
        raise Nonsense
    return number
