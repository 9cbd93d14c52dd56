"""The vectors of the law's clock, and that it never guesses."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.build import CATALOGUE
from content.calendar import NoCalendar, WorkingDays, local_day
from content.schema.elements import Duration
from content.sources import read_sources

CLOCK = WorkingDays(read_sources(CATALOGUE).calendars)
FIRST, LAST = date(2025, 1, 1), date(2026, 12, 31)
DAYS = st.dates(FIRST, LAST)


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("accepted", "days", "due"),
    [
        ("2025-09-26", 5, "2025-10-10"),
        ("2025-09-30", 1, "2025-10-09"),
        ("2025-01-24", 5, "2025-02-07"),
        ("2026-02-13", 3, "2026-02-25"),
        ("2026-02-13", 20, "2026-03-19"),
        ("2026-04-30", 5, "2026-05-11"),
        ("2025-12-31", 1, "2026-01-04"),  # a Sunday that is worked
        ("2026-09-18", 5, "2026-09-24"),
        ("2026-06-01", 0, "2026-06-01"),
    ],
)
def test_vectors(accepted: str, days: int, due: str) -> None:
    assert CLOCK.due(day(accepted), Duration(days=days)) == day(due)


def test_calendar_days_need_no_calendar() -> None:
    assert CLOCK.due(day("2031-12-20"), Duration(days=15, unit="calendar")) == day("2032-01-04")


@pytest.mark.parametrize("year", [2025, 2026])
def test_a_year_has_248_working_days(year: int) -> None:
    days = (date(year, 1, 1) + timedelta(days=number) for number in range(365))
    assert sum(CLOCK.works(one) is True for one in days) == 248


def test_a_missing_year_is_said_not_guessed() -> None:
    assert CLOCK.due(day("2026-12-30"), Duration(days=1)) == day("2026-12-31")
    assert CLOCK.due(day("2026-12-30"), Duration(days=2)) == NoCalendar(2027)
    assert CLOCK.works(day("2024-06-03")) == NoCalendar(2024)
    assert CLOCK.working_days_between(day("2026-12-30"), day("2027-01-02")) == NoCalendar(2027)


def test_the_day_is_chinas() -> None:
    assert local_day(datetime(2026, 6, 1, 17, 0, tzinfo=UTC)) == day("2026-06-02")


@given(DAYS, st.integers(1, 60))
def test_due_is_a_working_day_with_exactly_so_many_before(accepted: date, days: int) -> None:
    due = CLOCK.due(accepted, Duration(days=days))
    if isinstance(due, NoCalendar):
        assert due == NoCalendar(2027)
        return
    assert CLOCK.works(due) is True
    assert CLOCK.working_days_between(accepted, due) == days


@given(DAYS, st.integers(0, 30), st.integers(0, 30))
def test_limits_add_up_and_later_acceptance_is_never_due_earlier(accepted: date, first: int, second: int) -> None:
    whole = CLOCK.due(accepted, Duration(days=first + second))
    middle = CLOCK.due(accepted, Duration(days=first))
    if isinstance(whole, NoCalendar) or isinstance(middle, NoCalendar):
        return
    assert CLOCK.due(middle, Duration(days=second)) == whole
    later = CLOCK.due(accepted + timedelta(days=1), Duration(days=first + second))
    assert isinstance(later, NoCalendar) or later >= whole
