"""The code on the paper of a saved draft: nine random digits and a check digit (ISO/IEC 7064 MOD 11,10), which finds
every wrong digit and nearly every swapped pair before anybody is asked."""

from __future__ import annotations

import secrets

_DIGITS = "0123456789"


def mod_11_10(digits: str) -> str:
    """The check digit of a string of ASCII digits. Raises ValueError for anything else."""
    product = 10
    for char in digits:
        if char not in _DIGITS:
            raise ValueError("MOD 11,10 is defined over digits")
        product = ((product + int(char)) % 10 or 10) * 2 % 11
    return str((11 - product) % 10)


def new_draft_code() -> str:
    body = "".join(secrets.choice(_DIGITS) for _ in range(9))
    return body + mod_11_10(body)


def valid_draft_code(code: str) -> bool:
    return len(code) == 10 and all(char in _DIGITS for char in code) and mod_11_10(code[:9]) == code[9]
