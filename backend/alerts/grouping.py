"""Many troubles at once are one trouble of a region: which regions explain them?

From the top down: a region explains its troubles when they are many and spread over it evenly, that is when the parts
that hold most of its kiosks are struck about as hard as the whole. Otherwise its parts are asked. What no part
explains and is still many belongs to the region as "scattered". The rest stay single.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from backend.regions.division import COUNTRY, Level, ancestor

T = TypeVar("T")

EVEN = 0.5  # a part is struck if its share of troubles is at least this much of the whole's
MOST = 0.6  # so much of the kiosks must lie in struck parts


@dataclass(frozen=True)
class Group(Generic[T]):
    region_code: str
    members: list[T]


Count = Callable[[str, Level], int]


def divide(
    items: Sequence[T], place_of: Callable[[T], str], kiosks_in: Count, enough: Callable[[int], int]
) -> tuple[list[Group[T]], list[T]]:
    """(groups, those that stay single). `kiosks_in(region, level)`: how many kiosks there are; `enough(level)`: how
    many troubles make a group there."""
    groups: list[Group[T]] = []
    if not items:
        return groups, []
    rest = _divide(COUNTRY, Level.COUNTRY, list(items), place_of, kiosks_in, enough, groups)
    return groups, rest


def _divide(
    code: str,
    level: Level,
    items: list[T],
    place_of: Callable[[T], str],
    kiosks_in: Count,
    enough: Callable[[int], int],
    groups: list[Group[T]],
) -> list[T]:
    # Parts are never asked for less than the smallest group.
    if len(items) < min(enough(int(below)) for below in Level if below >= level):
        return items
    below = Level(min(level + 1, Level.VILLAGE))
    parts: dict[str, list[T]] = {}
    own: list[T] = []  # at a site of this very region: a city's hall
    for item in items:
        place = ancestor(place_of(item), below)
        (own if place == code else parts.setdefault(place, [])).append(item)
    if level is Level.VILLAGE or not parts:
        if len(items) < enough(int(level)):
            return items
        groups.append(Group(code, items))
        return []
    if len(items) >= enough(int(level)) and len(parts) > 1 and _even(code, level, len(items), parts, kiosks_in):
        groups.append(Group(code, items))
        return []
    rest = own
    for place, inside in sorted(parts.items()):
        rest += _divide(place, below, inside, place_of, kiosks_in, enough, groups)
    if len(rest) >= enough(int(level)) and len({ancestor(place_of(item), below) for item in rest}) > 1:
        groups.append(Group(code, rest))
        return []
    return rest


def _even(code: str, level: Level, troubles: int, parts: dict[str, list[T]], kiosks_in: Count) -> bool:
    whole = max(kiosks_in(code, level), troubles)
    below = Level(level + 1)
    struck = 0
    for place, inside in parts.items():
        there = max(kiosks_in(place, below), len(inside))
        if len(inside) / there >= EVEN * troubles / whole:
            struck += there
    return struck >= MOST * whole
