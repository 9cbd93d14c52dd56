"""Which scanner it is, out of what it says of itself. Only lines of a known shape: a code may come in between."""

from __future__ import annotations

import re

_FACT = re.compile(
    r"(?P<name>Product Name|Software Revision|Firmware Version|Firmware|Version|Serial Number|Serial No\.?|ESN)"
    r"\s*:\s*(?P<value>[ -~]{1,60})",
    re.IGNORECASE,
)


def identity_of(lines: list[str]) -> str:
    """Model, firmware and serial number with blanks between; empty when nothing was said."""
    found = (_FACT.fullmatch(line.strip()) for line in lines)
    return " ".join(dict.fromkeys(" ".join(match["value"].split()) for match in found if match))
