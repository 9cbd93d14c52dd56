"""Seconds of a day from a kiosk's history: they add up whatever happened, and the desk's own outages are nobody's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.fleet.events import EventKind
from backend.reports.availability import (
    MATTERS,
    Condition,
    Happening,
    Was,
    after,
    from_state,
    merged,
    spend,
    wound_back,
)
from backend.reports.days import before, bounds, day_of, month_days
from backend.reports.rollup import growth

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
END = BEGIN + timedelta(days=1)
OPEN = Condition(counted=True, online=True)


def at(hours: float) -> datetime:
    return BEGIN + timedelta(hours=hours)


def spent(
    happenings: list[Happening], condition: Condition = OPEN, gaps: list[tuple[datetime, datetime]] | None = None
) -> dict[str, float]:
    """Hours that are not nil."""
    seconds, _ = spend(condition, happenings, BEGIN, END, gaps or [])
    return {was.value: value / 3600 for was, value in seconds.items() if value}


def test_nothing_happens() -> None:
    assert spent([]) == {"serving": 24}
    assert spent([], Condition()) == {}


def test_a_day_with_everything() -> None:
    day = [
        Happening(at(1), EventKind.OFFLINE),
        Happening(at(3), EventKind.ONLINE),
        Happening(at(4), EventKind.DEVICE, "error", {"device": "camera"}),
        Happening(at(5), EventKind.DEVICE, "error", {"device": "cash"}),
        Happening(at(6), EventKind.DEVICE, "info", {"device": "camera"}),
        Happening(at(8), EventKind.DEVICE, "warning", {"device": "cash"}),
        Happening(at(10), EventKind.SERVICE, "warning", {"in_service": False}),
        Happening(at(15), EventKind.SERVICE, "info", {"in_service": True}),
        Happening(at(20), EventKind.QUARANTINED, "error"),
    ]
    assert spent(day) == {"serving": 1 + 1 + 2 + 5, "faulty": 4, "closed": 5, "offline": 2 + 4}


def test_a_fault_stays_over_an_outage() -> None:
    _, condition = spend(
        OPEN,
        [Happening(at(1), EventKind.DEVICE, "error", {"device": "cash"}), Happening(at(2), EventKind.OFFLINE)],
        BEGIN,
        END,
    )
    assert condition.was is Was.OFFLINE
    assert after(condition, Happening(END, EventKind.ONLINE)).was is Was.FAULTY


def test_before_enrolment_nothing_counts_and_after_it_silence_does() -> None:
    assert spent([Happening(at(6), EventKind.ENROLLED), Happening(at(7), EventKind.ONLINE)], Condition()) == {
        "offline": 1,
        "serving": 17,
    }
    assert spent([Happening(at(6), EventKind.RETIRED)]) == {"serving": 6}


def test_enrolled_anew_it_is_offline_until_it_is_heard() -> None:
    again = [Happening(at(6), EventKind.ENROLLED), Happening(at(7), EventKind.ONLINE)]
    assert spent(again) == {"serving": 6 + 17, "offline": 1}
    # What its devices were stays: the first report is compared with the last, and says nothing of what is the same.
    assert spent(again, Condition(True, True, True, frozenset({"cash"}))) == {"faulty": 6 + 17, "offline": 1}
    assert spent([Happening(at(1), EventKind.REVOKED), *again], Condition(True, True, False)) == {
        "closed": 1 + 17,
        "offline": 1,
    }


def test_without_a_day_before_the_present_is_wound_back() -> None:
    """A kiosk enrolled long ago, on the first day that is kept."""
    fault = {"device": "cash", "before": {"state": "online"}, "after": {"state": "offline"}}
    since = [
        Happening(at(2), EventKind.OFFLINE, "error"),
        Happening(at(3), EventKind.ONLINE),
        Happening(at(5), EventKind.DEVICE, "error", fault),
    ]
    present = from_state("fault", True, [{"code": "cash.offline", "severity": "error"}])
    assert spent(since, wound_back(present, since)) == {"serving": 2 + 2, "offline": 1, "faulty": 19}
    device_only = [Happening(at(1), EventKind.DEVICE, "warning", {"device": "x"})]
    assert spent(device_only, wound_back(from_state("warning"), device_only)) == {"serving": 24}
    mended = [Happening(at(4), EventKind.DEVICE, "info", {"device": "cash", "before": {"state": "offline"}})]
    assert spent(mended, wound_back(from_state("ok"), mended)) == {"faulty": 4, "serving": 20}
    enrolled = [Happening(at(6), EventKind.ENROLLED), Happening(at(7), EventKind.ONLINE)]
    assert spent(enrolled, wound_back(from_state("ok"), enrolled)) == {"offline": 1, "serving": 17}
    assert spent([], wound_back(from_state("offline", False), [])) == {"offline": 24}


def test_the_desk_s_own_outage_is_unknown() -> None:
    gap = (at(2), at(5))
    assert spent([], gaps=[gap]) == {"serving": 21, "unknown": 3}
    assert spent([Happening(at(3), EventKind.OFFLINE), Happening(at(6), EventKind.ONLINE)], gaps=[gap]) == {
        "serving": 2 + 18,
        "unknown": 3,
        "offline": 1,
    }
    assert spent([], gaps=[(BEGIN - timedelta(days=3), END + timedelta(days=3))]) == {"unknown": 24}
    assert spent([], Condition(), [gap]) == {}


_events = st.builds(
    Happening,
    st.integers(-48 * 3600, 72 * 3600).map(lambda seconds: BEGIN + timedelta(seconds=seconds)),
    st.sampled_from((*MATTERS, "something-new")),
    st.sampled_from(("info", "warning", "error")),
    st.fixed_dictionaries({"in_service": st.booleans(), "device": st.sampled_from(("cash", "camera"))}),
)
_gaps = st.lists(
    st.tuples(st.integers(-30, 30), st.integers(0, 30)).map(lambda pair: (at(pair[0]), at(pair[0] + pair[1]))),
    max_size=4,
)
_ENDS = (EventKind.REVOKED, EventKind.RETIRED, EventKind.WIPED)
_never_ends = st.lists(_events.filter(lambda event: event.kind not in _ENDS))


@given(_never_ends, _gaps)
def test_the_seconds_add_up_to_the_day(happenings: list[Happening], gaps: list[tuple[datetime, datetime]]) -> None:
    seconds, _ = spend(OPEN, happenings, BEGIN, END, merged(gaps))
    assert all(value >= 0 for value in seconds.values())
    assert abs(sum(seconds.values()) - 86_400) <= 3  # each of five is rounded


@given(st.lists(_events), _gaps, st.integers(0, 24))
def test_a_day_in_two_pieces_is_the_same_day(
    happenings: list[Happening], gaps: list[tuple[datetime, datetime]], hour: int
) -> None:
    ordered = sorted((event for event in happenings if BEGIN <= event.at < END), key=lambda event: event.at)
    whole, condition = spend(OPEN, ordered, BEGIN, END, merged(gaps))
    first, middle = spend(OPEN, [event for event in ordered if event.at < at(hour)], BEGIN, at(hour), merged(gaps))
    middle = Condition.from_text(middle.to_text())
    second, last = spend(middle, [event for event in ordered if event.at >= at(hour)], at(hour), END, merged(gaps))
    assert last == condition
    assert all(abs(whole[was] - first[was] - second[was]) <= 2 for was in Was)


@pytest.mark.parametrize(
    ("health", "was"),
    [("ok", "serving"), ("warning", "serving"), ("fault", "faulty"), ("out-of-service", "closed"), ("planned", None)],
)
def test_without_a_history_the_state_speaks(health: str, was: str | None) -> None:
    troubles = [{"code": "cash.offline", "severity": "error"}] if health == "fault" else []
    assert from_state(health, True, troubles).was == was


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_counter_that_was_reset_is_never_negative(old: int, new: int) -> None:
    grown = growth({"sessions": old}, {"sessions": new, "prints": "x", "payments": -4})
    assert grown["sessions"] == (new - old if new >= old else new)
    assert (grown["prints"], grown["payments"]) == (0, 0)


def test_days_are_china_s() -> None:
    assert day_of(datetime(2026, 1, 31, 15, 59, 59, tzinfo=UTC)) == "2026-01-31"
    assert day_of(datetime(2026, 1, 31, 16, 0, tzinfo=UTC)) == "2026-02-01"
    assert bounds("2026-02-01")[0] == datetime(2026, 1, 31, 16, tzinfo=UTC)
    assert month_days("2028-02") == ("2028-02-01", "2028-02-29")
    assert month_days("2026-12") == ("2026-12-01", "2026-12-31")
    assert before("2026-03-01") == "2026-02-28"
