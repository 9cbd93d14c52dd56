"""ISO/IEC 7064 check characters: the pure system MOD 11-2 and the hybrid system MOD 37,36."""

from __future__ import annotations

ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def mod_11_2(digits: str) -> str:
    """The check character (`0`-`9` or `X` for ten) of a string of ASCII digits.

    Raises ValueError for anything but ASCII digits.
    """
    remainder = 0
    for char in digits:
        if char not in "0123456789":
            raise ValueError("MOD 11-2 is defined over digits")
        remainder = (remainder + int(char)) * 2 % 11
    return "0123456789X"[(12 - remainder) % 11]


def mod_37_36(text: str) -> str:
    """The check character (`0`-`9`, `A`-`Z`) of a string over the same 36 characters.

    Raises ValueError for other characters (lower case included).
    """
    product = 36
    for char in text:
        value = ALPHANUMERIC.find(char)
        if value < 0:
            raise ValueError("MOD 37,36 is defined over 0-9 and A-Z")
        product = ((product + value) % 36 or 36) * 2 % 37
    return ALPHANUMERIC[(37 - product) % 36]
