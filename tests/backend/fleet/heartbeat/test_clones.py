"""An honest kiosk is never taken for a clone, whatever the network does; a clone is always found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.fleet.heartbeat.clones import MESSAGE_LIFE, Last, Verdict, judge
from tests.backend.fleet.enrolled import START


class DeskOfOne:
    """What the desk keeps of one kiosk, as the statement and the doubts keep it."""

    def __init__(self) -> None:
        self.last = Last(0, "")
        self.verdicts: list[Verdict] = []

    def hear(self, seq: int, boot: str, at: datetime) -> Verdict:
        found = judge(self.last, seq, boot, at)
        self.verdicts.append(found.verdict)
        if found.verdict is Verdict.NEXT:
            new = boot != self.last.boot
            self.last = replace(
                self.last,
                seq=seq,
                boot=boot,
                previous_boot=self.last.boot if new else self.last.previous_boot,
                boot_at=at if new else self.last.boot_at,
            )
        elif found.verdict is Verdict.STRIKE:
            self.last = replace(self.last, strikes=found.strikes, strike=found.strike, strike_at=found.strike_at)
        return found.verdict


@dataclass(frozen=True)
class Message:
    seq: int
    boot: str
    sent_s: float


@st.composite
def honest_lives(draw: st.DrawFn) -> list[tuple[float, Message]]:
    """Arrivals (time, message) of a kiosk that restarts, repeats, loses and delays its messages."""
    now, seq, boots, boot = 0.0, 0, 0, "boot-0"
    arrivals: list[tuple[float, Message]] = []
    message: Message | None = None
    for _ in range(draw(st.integers(1, 25))):
        now += draw(st.floats(0, 300))
        what = draw(st.sampled_from(["beat", "beat", "beat", "repeat", "restart"]))
        if what == "restart":
            boots += 1
            boot, message = f"boot-{boots}", None
            continue
        if what == "beat" or message is None:
            seq += draw(st.integers(1, 3))
            message = Message(seq, boot, now)
        for _ in range(draw(st.integers(0, 2))):  # lost, delivered, delivered twice
            arrivals.append((now + draw(st.floats(0, MESSAGE_LIFE.total_seconds() - 0.01)), message))
    return sorted(arrivals, key=lambda arrival: arrival[0])


@given(honest_lives())
def test_an_honest_kiosk_is_never_a_clone(life: list[tuple[float, Message]]) -> None:
    desk = DeskOfOne()
    for at_s, message in life:
        verdict = desk.hear(message.seq, message.boot, START + timedelta(seconds=at_s))
        assert verdict is not Verdict.CLONE
    if life:
        assert desk.last.seq == max(message.seq for _, message in life)


@given(
    ahead=st.integers(-50, 50),
    period_a=st.floats(20, 120),
    period_b=st.floats(20, 120),
    offset=st.floats(0, 120),
    steps=st.tuples(st.integers(1, 3), st.integers(1, 3)),
)
def test_two_with_one_identity_are_found(
    ahead: int, period_a: float, period_b: float, offset: float, steps: tuple[int, int]
) -> None:
    """Both go on for ever, one counting `ahead` of the other: found within ten minutes."""
    desk = DeskOfOne()
    arrivals = [(n * period_a, Message(100 + n * steps[0], "a", 0)) for n in range(60)]
    arrivals += [(offset + n * period_b, Message(100 + ahead + n * steps[1], "b", 0)) for n in range(60)]
    both_since = offset
    for at_s, message in sorted(arrivals, key=lambda arrival: arrival[0]):
        if at_s > both_since + 600:
            pytest.fail(f"not found: {desk.verdicts}")
        if desk.hear(message.seq, message.boot, START + timedelta(seconds=at_s)) is Verdict.CLONE:
            return
    pytest.fail("not found")


@given(seq=st.integers(1, 40), restarts=st.integers(1, 6))
def test_a_disk_put_back_is_found(seq: int, restarts: int) -> None:
    """An old copy of the disk: the numbers begin again at an old one, under new boots."""
    desk = DeskOfOne()
    desk.hear(100, "a", START)
    for n in range(30):
        at = START + timedelta(seconds=200 + n * 60)
        if desk.hear(seq + n, f"z{n % restarts}", at) is Verdict.CLONE:
            return
    pytest.fail(f"{desk.verdicts}")


A, B = "a", "b"
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("last", "seq", "boot", "verdict"),
    [
        (Last(0, ""), 1, A, Verdict.NEXT),
        (Last(5, A), 6, A, Verdict.NEXT),
        (Last(5, A), 5, A, Verdict.RETRY),
        (Last(5, A), 4, A, Verdict.LATE),
        (Last(5, A), 9, B, Verdict.NEXT),
        (Last(5, A), 5, B, Verdict.CLONE),
        (Last(6, B, A), 7, A, Verdict.CLONE),
        (Last(6, B, A, START), 5, A, Verdict.STRIKE),  # remembered, counts nothing yet
        (Last(6, B, A, START - HOUR), 5, A, Verdict.STRIKE),
        (Last(6, B, A, START - HOUR, 1, "4:a", START - timedelta(seconds=60)), 5, A, Verdict.CLONE),
        (Last(6, B, A, START - HOUR, 1, "4:a", START - timedelta(seconds=1)), 5, A, Verdict.LATE),
        (Last(6, B, A, START - HOUR, 1, "5:a", START - timedelta(seconds=60)), 5, A, Verdict.LATE),
        (Last(6, B, A, START - HOUR, 1, "4:z", START - timedelta(days=2)), 5, A, Verdict.STRIKE),
        # So soon after the restart it may still be under way, however many there are
        (Last(6, B, A, START - MESSAGE_LIFE / 2, 1, "4:a", START - MESSAGE_LIFE / 3), 5, A, Verdict.LATE),
        # The present boot is new again, but this one was over two minutes ago: the other keeps restarting
        (Last(6, B, A, START - timedelta(seconds=9), 0, "4:z", START - MESSAGE_LIFE), 5, "z", Verdict.CLONE),
    ],
)
def test_one_by_one(last: Last, seq: int, boot: str, verdict: Verdict) -> None:
    assert judge(last, seq, boot, START).verdict is verdict
