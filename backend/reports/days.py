"""Days of Asia/Shanghai."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def day_of(moment: datetime) -> str:
    """The day of a moment: "2026-01-31"."""
    return moment.astimezone(SHANGHAI).date().isoformat()


def bounds(day: str) -> tuple[datetime, datetime]:
    """From when until when a day is, in UTC. Raises ValueError."""
    first = date.fromisoformat(day)
    begin = datetime(first.year, first.month, first.day, tzinfo=SHANGHAI)
    following = first + timedelta(days=1)
    end = datetime(following.year, following.month, following.day, tzinfo=SHANGHAI)
    return begin.astimezone(UTC), end.astimezone(UTC)


def days_between(first: str, last: str) -> list[str]:
    """All days from the first to the last, both included."""
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    return [(begin + timedelta(days=n)).isoformat() for n in range((end - begin).days + 1)]


def before(day: str, days: int = 1) -> str:
    return (date.fromisoformat(day) - timedelta(days=days)).isoformat()


def month_days(month: str) -> tuple[str, str]:
    """The first and the last day of "2026-01". Raises ValueError."""
    first = date.fromisoformat(f"{month}-01")
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return first.isoformat(), (following - timedelta(days=1)).isoformat()


def is_month(text: str) -> bool:
    try:
        month_days(text)
    except ValueError:
        return False
    return len(text) == 7
