"""By hour, by place, by date: what a resident is told."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from content.calendar import LOCAL, WorkingDays
from content.offered import Closed, Ended, NotHere, NotOffered, NotYet, hours_text, not_offered
from content.schema.base import Availability, Effective, Hours
from content.schema.reference import Calendar
from tests.content.samples import CALENDAR

WORKING = WorkingDays([Calendar.model_validate(CALENDAR)])
MONDAY = datetime(2026, 6, 1, 12, 0, tzinfo=LOCAL)


def ask(at: datetime = MONDAY, division: str = "519999", since: str = "", **offer: object) -> NotOffered | None:
    effective = Effective.model_validate({"since": since or None})
    return not_offered(Availability.model_validate(offer), effective, at=at, division=division, working_days=WORKING)


def test_nothing_said_is_always_and_everywhere() -> None:
    assert ask(division="") is None


def test_dates() -> None:
    offer = Availability()
    for effective, expected in (
        (Effective(since=date(2026, 6, 2)), NotYet(date(2026, 6, 2))),
        (Effective(since=date(2026, 6, 1), until=date(2026, 6, 1)), None),
        (Effective(until=date(2026, 5, 31)), Ended(date(2026, 5, 31))),
    ):
        assert not_offered(offer, effective, at=MONDAY, division="", working_days=WORKING) == expected


def test_the_day_begins_in_china() -> None:
    assert ask(datetime(2026, 5, 31, 16, 0, tzinfo=UTC), since="2026-06-01") is None
    assert ask(datetime(2026, 5, 31, 15, 59, tzinfo=UTC), since="2026-06-01") == NotYet(date(2026, 6, 1))


@pytest.mark.parametrize(
    ("places", "division", "offered"),
    [
        (["51"], "519999", True),
        (["510000000000"], "519999", True),
        (["519999"], "519999", True),
        (["519999001"], "519999", False),
        (["519999"], "519999001002", True),
        (["510100", "519999"], "519999", True),
        (["510100"], "519999", False),
        (["51"], "", False),
    ],
)
def test_places(places: list[str], division: str, offered: bool) -> None:
    assert (ask(division=division, places=places) is None) == offered


@pytest.mark.parametrize(
    ("hours", "at", "is_open"),
    [
        ({"since": "08:00", "to": "20:00"}, "2026-06-01 08:00", True),
        ({"since": "08:00", "to": "20:00"}, "2026-06-01 20:00", False),
        ({"since": "08:00", "to": "20:00", "days": [1]}, "2026-06-02 12:00", False),
        ({"since": "22:00", "to": "06:00", "days": [1]}, "2026-06-02 05:59", True),  # begun on Monday
        ({"since": "22:00", "to": "06:00", "days": [1]}, "2026-06-01 05:59", False),
        ({"since": "22:00", "to": "06:00", "days": [1]}, "2026-06-01 23:00", True),
        ({"since": "09:00", "to": "17:00", "workdays_only": True}, "2026-02-14 10:00", True),  # a Saturday worked
        ({"since": "09:00", "to": "17:00", "workdays_only": True}, "2026-02-17 10:00", False),  # a holiday
        ({"since": "09:00", "to": "17:00", "workdays_only": True, "days": [1, 2]}, "2031-06-02 10:00", True),
        ({"since": "09:00", "to": "17:00", "workdays_only": True, "days": [1, 2]}, "2031-06-07 10:00", False),
    ],
)
def test_hours(hours: dict[str, object], at: str, is_open: bool) -> None:
    found = ask(datetime.fromisoformat(at).replace(tzinfo=LOCAL), hours=[hours])
    assert found is None if is_open else isinstance(found, Closed)


def test_elsewhere_is_said_before_the_hours() -> None:
    assert ask(division="11", places=["51"], hours=[{"since": "01:00", "to": "02:00"}]) == NotHere()


@pytest.mark.parametrize(
    ("hours", "zh", "en"),
    [
        ({"since": "07:00", "to": "22:00"}, "每天 07:00–22:00", "daily 07:00–22:00"),
        ({"since": "22:00", "to": "06:00"}, "每天 22:00–次日 06:00", "daily 22:00–06:00"),
        (
            {"days": [1, 2, 3, 4, 5], "since": "09:00", "to": "17:00"},
            "周一至周五 09:00–17:00",
            "Mon to Fri 09:00–17:00",
        ),
        ({"days": [6, 1], "since": "09:00", "to": "17:00"}, "周一、周六 09:00–17:00", "Mon, Sat 09:00–17:00"),
        ({"since": "09:00", "to": "17:00", "workdays_only": True}, "工作日 09:00–17:00", "working days 09:00–17:00"),
    ],
)
def test_hours_in_words(hours: dict[str, object], zh: str, en: str) -> None:
    said = hours_text((Hours.model_validate(hours),))
    assert (said.zh, said.en) == (zh, en)
