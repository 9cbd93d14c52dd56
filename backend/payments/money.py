"""Yuan texts on the wire, integer fen inside; nothing in between is a float."""

from __future__ import annotations

import re

_YUAN = re.compile(r"(\d{1,9})(?:\.(\d{1,2}))?")


def to_yuan(fen: int) -> str:
    """4340 → "43.40"."""
    if fen < 0:
        raise ValueError("negative amount")
    return f"{fen // 100}.{fen % 100:02d}"


def to_fen(yuan: str) -> int | None:
    """ "43.4" → 4340; None if it is not an amount."""
    match = _YUAN.fullmatch(yuan)
    if match is None or not yuan.isascii():
        return None
    return int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))
