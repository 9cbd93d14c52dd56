"""The identifier of an electronic certificate (证照标识, GB/T 36904): what a scanner needs to know of it."""

from __future__ import annotations

import re
from typing import Final

_SHAPE: Final = re.compile(
    r"1\.2\.156\.3005\.2\."
    r"([0-9A-Z]{18}[0-9]{3})\.([0-9A-Z]{1,18})\.([0-9A-Z]{1,64})\.((?!000)[0-9]{3})\.([0-9A-Z])"
)
_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def is_certificate_id(text: str) -> bool:
    """Root, type, issuer, serial number, version, and the check character (ISO/IEC 7064 MOD 37,36 over the four
    parts between, without dots)."""
    found = _SHAPE.fullmatch(text)
    if found is None:
        return False
    return check_character("".join(found.groups()[:4])) == found[5]


def check_character(text: str) -> str:
    """ISO/IEC 7064 MOD 37,36."""
    product = 36
    for character in text:
        product = (product + _ALPHABET.index(character)) % 36 or 36
        product = product * 2 % 37
    return _ALPHABET[(37 - product) % 36]
