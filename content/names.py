"""Departments and divisions by the names and codes people and papers use, as of a day."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from content.schema.reference import Department, Region

# 常州市…, 金坛区…, 市…: where a body is of, not what it is.
_PLACE = re.compile(r"[\u3400-\u9fff]{2,4}?[市县区州盟旗]|[市县区]")
_BRACKETS = re.compile(r"[（(][^（()）]*[)）]")
_HEAD_OFFICE = "国家税务总局"


def department_named(departments: Iterable[Department], text: str, on: date) -> Department | None:
    """The department a name means on a day: its own name, or an alias that was valid then, with or without the place
    before it. None where nobody, or more than one, is meant."""
    candidates = list(departments)
    for name in _readings(text):
        found = {one.id: one for one in candidates if _is_called(one, name, on)}
        if found:
            return next(iter(found.values())) if len(found) == 1 else None
    return None


def _is_called(department: Department, name: str, on: date) -> bool:
    own = _BRACKETS.sub("", department.name.zh)
    return name == own or any(alias.name == name and alias.valid.on(on) for alias in department.aliases)


def _readings(text: str) -> Iterator[str]:
    """As written; without the head office before it; without what stands in brackets; without its place."""
    whole = "".join(text.split()).replace("（", "(").replace("）", ")").removeprefix(_HEAD_OFFICE)
    for name in dict.fromkeys((whole, _BRACKETS.sub("", whole))):
        yield name
        rest = name
        while (place := _PLACE.match(rest)) is not None and place.end() < len(rest):
            rest = rest[place.end() :]
            yield rest


def region_on(regions: Sequence[Region], code: str, on: date) -> Region | None:
    """What a code (with or without the noughts below the county) meant on a day."""
    stem = code[:6] if not code[6:].strip("0") else code
    return next((region for region in regions if region.code == stem and region.valid.on(on)), None)


def region_today(regions: Sequence[Region], code: str) -> Region | None:
    """Where a code, however old, is today: by what replaced it."""
    by_code = {region.code: region for region in regions}
    found = by_code.get(code[:6] if not code[6:].strip("0") else code)
    seen: set[str] = set()
    while found is not None and found.replaced_by is not None and found.code not in seen:
        seen.add(found.code)
        found = by_code.get(found.replaced_by)
    return found
