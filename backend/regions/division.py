"""Division codes of statistics (统计用区划代码): 12 digits, two for the province, two for the city, two for the county,
three for the township, three for the village. What lies in a region is a range of codes, so a staff member's region
is checked, and a list narrowed, by comparing strings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

_CODE = re.compile(r"[0-9]{12}")
_DIGITS = {0: 0, 1: 2, 2: 4, 3: 6, 4: 9, 5: 12}


class Level(IntEnum):
    COUNTRY = 0  # 000000000000: everything
    PROVINCE = 1
    CITY = 2
    COUNTY = 3
    TOWNSHIP = 4
    VILLAGE = 5

    @property
    def digits(self) -> int:
        """How many leading digits name a division of this level."""
        return _DIGITS[self]


COUNTRY = "0" * 12


@dataclass(frozen=True)
class Span:
    """All codes of a region: `low` <= code <= `high`."""

    low: str
    high: str

    def __contains__(self, code: object) -> bool:
        return isinstance(code, str) and self.low <= code <= self.high


def is_code(text: str) -> bool:
    return _CODE.fullmatch(text) is not None


def level_of(code: str) -> Level:
    """The level a code names. Raises ValueError for anything but twelve digits."""
    if not is_code(code):
        raise ValueError("a division code has twelve digits")
    return next(level for level in Level if not code[level.digits :].strip("0"))


def span_of(code: str) -> Span:
    """The codes that lie in the region `code`, itself included. Raises ValueError."""
    digits = level_of(code).digits
    return Span(code, code[:digits] + "9" * (12 - digits))


def parent_of(code: str) -> str | None:
    """The region above; None for the country."""
    level = level_of(code)
    return None if level is Level.COUNTRY else ancestor(code, Level(level - 1))


def ancestor(code: str, level: Level) -> str:
    """The region of `level` that holds `code` (itself, if it is of that level or above)."""
    return code[: level.digits].ljust(12, "0")


def lineage(code: str) -> list[str]:
    """From the country down to `code`."""
    return [ancestor(code, level) for level in Level if level <= level_of(code)]
