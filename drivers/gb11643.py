"""Citizen identification numbers, GB 11643: what devices need to know of them."""

from __future__ import annotations

import re
from datetime import date

_SHAPE = re.compile(r"[0-9]{17}[0-9X]")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_CHARACTERS = "10X98765432"


def is_citizen_number(text: str) -> bool:
    """18 characters with upper-case X, a real date of birth, and the check character of ISO 7064 MOD 11-2."""
    if not _SHAPE.fullmatch(text):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(text, _WEIGHTS, strict=False))
    if text[17] != _CHECK_CHARACTERS[total % 11]:
        return False
    try:
        date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return False
    return True
