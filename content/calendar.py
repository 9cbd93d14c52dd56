"""Working days by the State Council's holiday notices, and when a promise falls due.

A limit starts on the first working day after acceptance (行政许可法 art. 82: days are working days). Where a year's
notice is not known nothing is promised: the answer is `NoCalendar`, never a guess.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from content.schema.elements import Duration
from content.schema.reference import Calendar

LOCAL = ZoneInfo("Asia/Shanghai")
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class NoCalendar:
    """The holidays of `year` are not known here."""

    year: int


class WorkingDays:
    """The clock over the calendars of some years."""

    def __init__(self, calendars: Iterable[Calendar]) -> None:
        self._off: dict[int, frozenset[date]] = {}
        self._worked: dict[int, frozenset[date]] = {}
        for calendar in calendars:
            self._off[calendar.year] = frozenset(calendar.off)
            self._worked[calendar.year] = frozenset(calendar.worked)

    @property
    def years(self) -> frozenset[int]:
        return frozenset(self._off)

    def works(self, day: date) -> bool | NoCalendar:
        """Whether `day` is a working day."""
        if day.year not in self._off:
            return NoCalendar(day.year)
        if day.isoweekday() > 5:
            return day in self._worked[day.year]
        return day not in self._off[day.year]

    def due(self, accepted: date, limit: Duration) -> date | NoCalendar:
        """The last day of a limit that began with acceptance on the local day `accepted`. No days: the same day."""
        if limit.unit == "calendar" or limit.days == 0:
            return accepted + limit.days * _DAY
        day, left = accepted, limit.days
        while left:
            day += _DAY
            works = self.works(day)
            if isinstance(works, NoCalendar):
                return works
            left -= works
        return day

    def working_days_between(self, start: date, end: date) -> int | NoCalendar:
        """How many working days are after `start` up to and with `end`; 0 when `end` is not later."""
        count, day = 0, start
        while day < end:
            day += _DAY
            works = self.works(day)
            if isinstance(works, NoCalendar):
                return works
            count += works
        return count


def local_day(at: datetime) -> date:
    """The day in China of an aware time."""
    return at.astimezone(LOCAL).date()
