"""Blanks whatever could be about a person. Rather too much than too little: a bundle is about machines."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

BLANK = "[blanked]"
_SEPARATORS = r"[\s\-–—_.·,，、/()（）]{0,2}"
# Seven digits in a row or more, however they are spaced: ID numbers (with their X), telephones, cards, accounts.
_NUMBER = re.compile(rf"(?:\+|00)?\d(?:{_SEPARATORS}\d){{6,}}(?:{_SEPARATORS}[xX*])?")
_MASKED = re.compile(r"\d{2,}[*＊•xX]{2,}\d*[xX]?|[*＊•]{3,}\d{2,}")
_HAN = re.compile(r"[㐀-䶿一-鿿豈-﫿·•\U00020000-\U0003ffff]+")
_MAIL = re.compile(r"[^\s@\"']+@[^\s@\"']+")
_SECRET = re.compile(
    r"(?i)(?:bearer|token|password|secret|authorization)\W*\S+|\b(?:key|code|pin)\b\s*[:=]\s*\S+|\bmk_\S+"
)
_LONG_WORD = re.compile(r"[A-Za-z0-9+/_-]{28,}={0,2}")  # a key or a code, not a word
_PEM = re.compile(r"-----BEGIN.*?(?:-----END[^-]*-----|$)", re.DOTALL)
_LONGEST = 500

# Of a log event only these are handed out, whatever else it has.
EVENT_KEYS = frozenset({
    "at", "attempt", "code", "content", "count", "device", "driver", "ended", "error", "event", "every_s", "interval_s",
    "kind", "level", "model", "outcome", "reason", "revision", "seconds", "signal", "stage", "state", "status",
    "terminal", "timestamp", "version", "what",
})  # fmt: skip
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)")


def scrub_text(text: str) -> str:
    """The same text without anything that looks like a person's number, name, address or secret."""
    text = unicodedata.normalize("NFKC", text)  # full-width digits are digits
    text = "".join(each for each in text if unicodedata.category(each) != "Cf")  # hidden in between
    for pattern in (_PEM, _MAIL, _SECRET, _LONG_WORD, _MASKED, _NUMBER, _HAN):
        text = pattern.sub(BLANK, text)
    return text[:_LONGEST]


def scrub_event(event: Mapping[str, Any]) -> dict[str, Any]:
    """Allowed keys only, their values scrubbed; whatever is not text or a number becomes its kind's name."""
    clean: dict[str, Any] = {}
    for key in sorted(EVENT_KEYS & event.keys()):
        value = event[key]
        if key == "timestamp":
            clean[key] = value if isinstance(value, str) and _TIMESTAMP.fullmatch(value) else BLANK
        elif value is None or isinstance(value, bool):
            clean[key] = value
        elif isinstance(value, int | float):
            clean[key] = value if abs(value) < 1_000_000 else BLANK
        elif isinstance(value, str):
            clean[key] = scrub_text(value)
        else:
            clean[key] = f"<{type(value).__name__}>"
    return clean


def scrub_tree(value: Any) -> Any:
    """Facts about machines, which may quote a driver's text: every text in it scrubbed, long numbers blanked."""
    if isinstance(value, Mapping):
        return {scrub_text(str(key)): scrub_tree(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [scrub_tree(each) for each in value]
    if isinstance(value, str):
        return scrub_text(value)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return value if abs(value) < 10**12 else BLANK
    return f"<{type(value).__name__}>"
