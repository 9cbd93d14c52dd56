"""Whether a service is offered now and here: by its dates, its places and its department's hours. Asks nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from content.calendar import LOCAL, WorkingDays
from content.schema.base import Availability, Effective, Hours
from content.schema.text import Text

_DAYS = {
    1: ("一", "Mon"),
    2: ("二", "Tue"),
    3: ("三", "Wed"),
    4: ("四", "Thu"),
    5: ("五", "Fri"),
    6: ("六", "Sat"),
    7: ("日", "Sun"),
}


@dataclass(frozen=True)
class NotYet:
    since: date


@dataclass(frozen=True)
class Ended:
    until: date


@dataclass(frozen=True)
class NotHere:
    """Only offered at other places."""


@dataclass(frozen=True)
class Closed:
    """The department's system rests; when it answers is in `hours`."""

    hours: tuple[Hours, ...]


NotOffered = NotYet | Ended | NotHere | Closed


def not_offered(
    availability: Availability, effective: Effective, *, at: datetime, division: str, working_days: WorkingDays
) -> NotOffered | None:
    """Why not, or None. `at`: aware; `division`: the terminal's code, "" when it is not known."""
    now = at.astimezone(LOCAL)
    if effective.since is not None and now.date() < effective.since:
        return NotYet(effective.since)
    if effective.until is not None and now.date() > effective.until:
        return Ended(effective.until)
    if availability.places and not any(division.startswith(_stem(place)) for place in availability.places):
        return NotHere()
    if availability.hours and not any(_open(hours, now, working_days) for hours in availability.hours):
        return Closed(tuple(availability.hours))
    return None


def hours_text(hours: tuple[Hours, ...]) -> Text:
    """When it is open, for residents: 每天 08:00–22:00."""
    said = [_one(item) for item in hours]
    return Text("；".join(text.zh for text in said), "; ".join(text.en for text in said))


def _open(hours: Hours, now: datetime, working_days: WorkingDays) -> bool:
    """Hours over midnight belong to the day they begin on."""
    clock = now.time().replace(tzinfo=None)
    if hours.since <= hours.to:
        return hours.since <= clock < hours.to and _begins(hours, now.date(), working_days)
    if clock >= hours.since:
        return _begins(hours, now.date(), working_days)
    return clock < hours.to and _begins(hours, now.date() - timedelta(days=1), working_days)


def _begins(hours: Hours, day: date, working_days: WorkingDays) -> bool:
    """`workdays_only` follows the calendar, swapped weekends included. Where the year's is not known the days of the
    week decide: this promises nothing, and a department that rests after all says so itself."""
    if hours.workdays_only:
        works = working_days.works(day)
        if isinstance(works, bool):
            return works
    return day.isoweekday() in hours.days


def _stem(place: str) -> str:
    """A code stands for all below it; padded with noughts or not."""
    for digits in (2, 4, 6, 9):
        if not place[digits:].strip("0"):
            return place[:digits]
    return place


def _one(hours: Hours) -> Text:
    span = f"{_clock(hours.since)}–{_clock(hours.to)}"
    following = hours.to < hours.since
    zh_span = f"{_clock(hours.since)}–次日 {_clock(hours.to)}" if following else span
    days = sorted(hours.days)
    if hours.workdays_only:
        return Text(f"工作日 {zh_span}", f"working days {span}")
    if len(days) == 7:
        return Text(f"每天 {zh_span}", f"daily {span}")
    if len(days) > 2 and days == list(range(days[0], days[-1] + 1)):
        zh = f"周{_DAYS[days[0]][0]}至周{_DAYS[days[-1]][0]}"
        return Text(f"{zh} {zh_span}", f"{_DAYS[days[0]][1]} to {_DAYS[days[-1]][1]} {span}")
    return Text(
        "、".join(f"周{_DAYS[day][0]}" for day in days) + f" {zh_span}",
        ", ".join(_DAYS[day][1] for day in days) + f" {span}",
    )


def _clock(at: time) -> str:
    return at.strftime("%H:%M")
