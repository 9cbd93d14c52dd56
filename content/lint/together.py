"""Rules over the whole catalogue: nothing twice, and calendars for the years in use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from content.calendar import NoCalendar, WorkingDays
from content.compile import Compiled, Facts
from content.lint.fault import Fault
from content.schema.elements import Duration
from content.schema.text import Text


def rules(items: Sequence[Compiled], calendars: WorkingDays, folder: Path, today: date | None) -> Iterator[Fault]:
    read = [(item.file, item.facts) for item in items if item.facts is not None]
    yield from _taken(read)
    yield from _calendars([facts for _, facts in read], calendars, folder, today)


def _taken(read: Sequence[tuple[Path, Facts]]) -> Iterator[Fault]:
    ids: dict[str, Path] = {}
    codes: dict[str, Path] = {}
    types: dict[str, Path] = {}
    for file, facts in read:
        if (other := ids.setdefault(facts.id, file)) != file:
            yield Fault(
                file,
                "id",
                Text(
                    f"“{facts.id}”已用于 {other.name}；请另取", f"{facts.id!r} is taken by {other.name}; choose another"
                ),
            )
        if facts.codes is not None:
            place = "task_handle_item" if facts.codes.task_handle_item else "task_code"
            code = facts.codes.task_handle_item or facts.codes.task_code
            if (other := codes.setdefault(code, file)) != file:
                message = Text(
                    f"{code} 已用于 {other.name}；同一事项的不同办理项请用不同的 task_handle_item",
                    f"{code} is taken by {other.name}; give each its own (task_handle_item where one item has several)",
                )
                yield Fault(file, f"codes.{place}", message)
        if facts.type_code is not None:
            other = types.setdefault(facts.type_code, file)
            if other != file:
                message = Text(
                    f"{facts.type_code} 已用于 {other.name}",
                    f"{facts.type_code} is taken by {other.name}; give each its own",
                )
                yield Fault(file, "certificate.type_code", message)


def _calendars(facts: Sequence[Facts], calendars: WorkingDays, folder: Path, today: date | None) -> Iterator[Fault]:
    """A year is in use when a promise made today, or on a service's first day, reaches it. The notice of a coming
    year is published in November: until the year begins its absence is told; afterwards it is refused."""
    told: dict[int, tuple[bool, str]] = {}
    for one in facts:
        if not one.working_days:
            continue
        starts = {day for day in (today, one.since) if day is not None}
        if today is not None and one.since is not None:
            starts = {max(today, one.since)}
        for start in starts:
            due = calendars.due(start, Duration(days=one.working_days))
            if isinstance(due, NoCalendar):
                only_told = due.year > start.year and told.get(due.year, (True, ""))[0]
                told[due.year] = (only_told, one.id)
    for year, (only_told, service) in sorted(told.items()):
        message = Text(
            f"没有 {year} 年的节假日安排，{service} 等算不出承诺日期；请按国务院办公厅通知补上 calendars/{year}.yaml",
            f"no working days are known for {year}, and {service} promises into it; add calendars/{year}.yaml from the "
            "State Council's notice",
        )
        yield Fault(folder, "", message, note=only_told)
