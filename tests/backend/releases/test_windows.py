"""Kiosks switch in their window, not all at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from backend.releases.windows import switch_time

SHANGHAI = ZoneInfo("Asia/Shanghai")
minutes = st.integers(0, 1439)


@given(st.integers(0, 366 * 86_400), minutes, minutes, st.text(max_size=8))
def test_inside_the_window_and_within_a_day(second: int, begin: int, end: int, key: str) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
    due = switch_time(now, begin, end, key)
    at = due or now
    assert now <= at <= now + timedelta(days=1)
    if begin != end:
        local = at.astimezone(SHANGHAI)
        minute = local.hour * 60 + local.minute + local.second / 60
        assert (minute - begin) % 1440 < (end - begin) % 1440
    else:
        assert due is None


def test_a_night_window_over_midnight() -> None:
    noon = datetime(2026, 11, 22, 12, tzinfo=SHANGHAI)
    times = [switch_time(noon, 22 * 60, 5 * 60, f"K-{number}") for number in range(500)]
    opens = datetime(2026, 11, 22, 22, tzinfo=SHANGHAI)
    assert all(time is not None and opens <= time < opens + timedelta(hours=7) for time in times)
    quarter = sum(time is not None and time < opens + timedelta(hours=7) * 0.2 for time in times)
    assert 80 < quarter < 170, "spread evenly over four fifths of the window"


def test_no_window_is_now() -> None:
    assert switch_time(datetime.now(UTC), None, None, "k") is None
