"""What stands in a card's records: `identifier length value`, and values as people read them.

A card is whatever somebody puts into the slot: nothing here trusts a length, a character or a date.
"""

from __future__ import annotations

import re
from datetime import date

from drivers.gb11643 import is_citizen_number
from drivers.printable import shown
from drivers.smart_card.card_layout import Item

_PADDING = b"\x00\x20\xff"
_CARD_NUMBER = re.compile(r"[0-9A-Z]{1,20}")
_EIGHT_DIGITS = re.compile(r"[0-9]{8}")
_SEXES = "0129"  # GB/T 2261.1
_NATIONS = frozenset([f"{code:02d}" for code in range(1, 57)] + ["97", "98"])  # GB/T 3304
MOST_NAME = 30  # characters


def parse_records(data: bytes) -> dict[int, bytes]:
    """All items that stand one behind the other; the first of each identifier. Stops at what makes no sense."""
    found: dict[int, bytes] = {}
    at = 0
    while at + 2 <= len(data) and data[at] not in (0x00, 0xFF):
        end = at + 2 + data[at + 1]
        if end > len(data):
            break
        found.setdefault(data[at], data[at + 2 : end])
        at = end
    return found


def value_of(item: Item, data: bytes) -> bytes | None:
    """The item's value in the answer to a read by identifier: with or without its identifier and length before it."""
    if (value := parse_records(data).get(item.identifier)) is not None:
        return value
    return data if len(data) == item.length else None


def citizen_number(value: bytes) -> str:
    """GB 11643, upper case; empty when it is none."""
    number = _ascii(value).upper()
    return number if is_citizen_number(number) else ""


def name(value: bytes) -> str:
    """GBK; empty when it cannot be decoded or nothing of it can be shown."""
    try:
        text = value.strip(_PADDING).decode("gb18030")
    except UnicodeDecodeError:
        return ""
    return shown(text).strip(" \u3000")[:MOST_NAME]


def sex(value: bytes) -> str:
    """One character of GB/T 2261.1, or its digit as a number; empty when it is neither."""
    if len(value) != 1:
        return ""
    text = str(value[0]) if value[0] < 10 else _ascii(value)
    return text if text and text in _SEXES else ""


def nation(value: bytes) -> str:
    """GB/T 3304 as two digits, from BCD or from characters."""
    text = value.hex() if len(value) == 1 else _ascii(value)
    return text if text in _NATIONS else ""


def day(value: bytes) -> str:
    """YYYYMMDD from BCD or characters; empty for none, as on cards without an end."""
    text = value.hex() if len(value) == 4 else _ascii(value)
    if not _EIGHT_DIGITS.fullmatch(text):
        return ""
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return ""
    return text


def card_number(value: bytes) -> str:
    """Letters and digits as printed on the card."""
    text = _ascii(value).upper()
    return text if _CARD_NUMBER.fullmatch(text) else ""


def _ascii(value: bytes) -> str:
    try:
        return value.strip(_PADDING).decode("ascii")
    except UnicodeDecodeError:
        return ""
