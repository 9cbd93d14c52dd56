"""What may stand in a card's field: the one place that decides what is refused and what is cleaned.

A chip is read by a SAM that authenticates it, so a hostile text is unlikely; but a forged card with a forged reader, a
test card or a damaged one gives any bytes at all, and they end up on a screen, on paper and in messages.

- Sex, dates, numbers: exactly as the standards say, in ASCII. Anything else is refused.
- Name: refused when empty, or when half of a surrogate pair is lost, for then it is another name.
- All free texts (name, address, issuer, nation, permit number, …) are cleaned: padding goes, and every character that
  shows nothing itself and changes how others show.

"Refused" means the whole card is (`ReadFault.UNREADABLE`). What cleaning takes away and what it leaves is in
`drivers.printable`.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from drivers.printable import shown

Span = tuple[int, int]  # offset and bytes

LONG_TERM = "长期"
SEXES = frozenset("0129")  # GB/T 2261.1

_PADDING = " \x00\u3000"  # spaces by the standard, NUL on some test cards
_EIGHT_DIGITS = re.compile(r"[0-9]{8}")


class Nonsense(Exception):
    """The card is refused. Never leaves the codec, and never carries what was read."""


def exact(text: bytes, span: Span) -> str:
    """A field whose characters the standard prescribes; the caller compares. Only padding goes."""
    value = _decoded(text, span)
    if not value.isascii() and value != LONG_TERM:
        raise Nonsense
    return value


def free(text: bytes, span: Span) -> str:
    """A field with a person's words, cleaned; may be empty."""
    value = _decoded(text, span)
    return shown(value).strip()


def name(text: bytes, span: Span) -> str:
    """A name, cleaned; "" when the field has none."""
    if any(unicodedata.category(character) == "Cs" for character in _decoded(text, span)):
        raise Nonsense
    return free(text, span)


def sex(text: bytes, span: Span) -> str:
    if (value := exact(text, span)) not in SEXES:
        raise Nonsense
    return value


def day(text: bytes, span: Span) -> date:
    """A date that there is, of the years 1 to 9999."""
    value = exact(text, span)
    if not _EIGHT_DIGITS.fullmatch(value):
        raise Nonsense
    try:
        return date(int(value[:4]), int(value[4:6]), int(value[6:]))
    except ValueError:
        raise Nonsense from None


def last_day(text: bytes, span: Span) -> date | None:
    """As `day`; None is 长期, no last day."""
    return None if exact(text, span) == LONG_TERM else day(text, span)


def _decoded(text: bytes, span: Span) -> str:
    """Without padding. Lone surrogates pass: what becomes of them depends on the field."""
    offset, length = span
    raw = text[offset : offset + length]
    return raw[: len(raw) // 2 * 2].decode("utf-16-le", "surrogatepass").strip(_PADDING)
