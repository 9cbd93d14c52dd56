"""What services refer to: departments, operations, divisions and calendars."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date

from content.codes.uscc import check_uscc
from content.lint.fault import Finding, fault
from content.schema.base import Effective
from content.schema.reference import Calendar, Department, Operations, Region

_FIRST, _LAST = date(1949, 10, 1), date(9999, 12, 31)
_FEWEST_WORKING, _MOST_WORKING = 240, 255  # days of a year: anything else is a slip of the pen


def departments(found: Sequence[Department]) -> Iterator[Finding]:
    yield from _unique("departments", "id", [department.id for department in found])
    yield from _unique("departments", "uscc", [department.uscc for department in found])
    named: dict[str, list[tuple[str, str, Effective]]] = {}
    for index, department in enumerate(found):
        place = f"departments.{index}"
        if (wrong := check_uscc(department.uscc).fault) is not None:
            yield fault(f"{place}.uscc", wrong.text.zh, wrong.text.en)
        for number, alias in enumerate(department.aliases):
            here = f"{place}.aliases.{number}"
            yield from _dates(alias.valid, here)
            for other, where, valid in named.get(alias.name, []):
                if other != department.id and _overlap(valid, alias.valid):
                    yield fault(
                        here,
                        f"“{alias.name}”同时也是 {where} 的别名；请写明各自的年份",
                        f"{alias.name!r} is an alias of {where} at the same time; give each its years",
                    )
            named.setdefault(alias.name, []).append((department.id, place, alias.valid))


def regions(found: Sequence[Region]) -> Iterator[Finding]:
    after = {region.code: region.replaced_by for region in found}
    for index, region in enumerate(found):
        place = f"regions.{index}"
        yield from _dates(region.valid, place)
        if region.replaced_by is not None and region.replaced_by not in after:
            yield fault(
                f"{place}.replaced_by",
                f"没有区划 {region.replaced_by}",
                f"{region.replaced_by} is not in this file; add it",
            )
        for other_index, other in enumerate(found[:index]):
            if other.code == region.code and _overlap(other.valid, region.valid):
                yield fault(place, f"与 regions.{other_index} 重复", f"is there already: regions.{other_index}")
        if _circle(region.code, after):
            yield fault(f"{place}.replaced_by", "更替成环", "leads back to itself; correct it")


def _circle(code: str, after: dict[str, str | None]) -> bool:
    seen = {code}
    following = after.get(code)
    while following is not None:
        if following in seen:
            return True
        seen.add(following)
        following = after.get(following)
    return False


def system(found: Operations, name: str, known_departments: set[str]) -> Iterator[Finding]:
    if found.system != name:
        yield fault(
            "system",
            f"是“{found.system}”；文件名应为 {found.system}.yaml",
            f"is {found.system!r}; name the file {found.system}.yaml",
        )
    if known_departments and found.department not in known_departments:
        yield fault(
            "department",
            f"departments.yaml 里没有“{found.department}”",
            f"{found.department!r} is not in departments.yaml; add it there or correct the name",
        )
    yield from _unique("operations", "name", [operation.name for operation in found.operations])
    for index, operation in enumerate(found.operations):
        place = f"operations.{index}"
        if operation.name.partition(".")[0] != found.system:
            yield fault(f"{place}.name", f"应以“{found.system}.”开头", f"must begin with {found.system}.")
        answered = {*operation.fields, *operation.rows, *(column for row in operation.rows.values() for column in row)}
        for name in operation.private:
            if name not in answered:
                yield fault(f"{place}.private", f"没有“{name}”这一项", f"names {name!r}, which is not answered")


def calendar(found: Calendar, name: str) -> Iterator[Finding]:
    if str(found.year) != name:
        yield fault("year", f"文件名应为 {found.year}.yaml", f"is {found.year}; name the file {found.year}.yaml")
    for group in ("off", "worked"):
        days: list[date] = getattr(found, group)
        for index, day in enumerate(days):
            if day.year != found.year:
                yield fault(f"{group}.{index}", "不在这一年", f"{day} is not in {found.year}")
            elif day in days[:index]:
                yield fault(f"{group}.{index}", "重复", f"{day} is there twice")
            elif group == "worked" and day.isoweekday() < 6:
                yield fault(f"{group}.{index}", "不是周末", f"{day} is no weekend day; only those are worked instead")
            elif group == "worked" and day in found.off:
                yield fault(f"{group}.{index}", "也在放假日里", f"{day} is off, too")
    year = [
        date.fromordinal(o) for o in range(date(found.year, 1, 1).toordinal(), date(found.year + 1, 1, 1).toordinal())
    ]
    off, worked = set(found.off), set(found.worked)
    working = sum(day in worked if day.isoweekday() > 5 else day not in off for day in year)
    if not _FEWEST_WORKING <= working <= _MOST_WORKING:
        yield fault(
            "off",
            f"这样全年有 {working} 个工作日；请对照通知核对",
            f"leave {working} working days in the year; compare with the notice",
        )


def _unique(place: str, what: str, values: Sequence[str]) -> Iterator[Finding]:
    for value, count in Counter(values).items():
        if count > 1:
            yield fault(place, f"{what}“{value}”重复", f"the {what} {value!r} is used {count} times; make them differ")


def _dates(valid: Effective, place: str) -> Iterator[Finding]:
    if valid.since is not None and valid.until is not None and valid.since > valid.until:
        yield fault(f"{place}.valid.until", "早于 since", "is before since; correct the dates")


def _overlap(a: Effective, b: Effective) -> bool:
    return max(a.since or _FIRST, b.since or _FIRST) <= min(a.until or _LAST, b.until or _LAST)
