"""Bounce, holding, sticking: with a clock of our own."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.keypad.keymap import key_numbers
from drivers.keypad.port import Key
from drivers.keypad.presses import KeyPresses, KeyTimings
from drivers.link.input_events import DOWN, REPEATED, UP, InputEvent

KEY_ENTER, KEY_UP, KEY_5, KEY_F9 = 28, 103, 6, 67


class Finger:
    def __init__(self, timings: KeyTimings | None = None) -> None:
        self.presses = KeyPresses(key_numbers({}), timings or KeyTimings())
        self.now = 50.0
        self.got: list[tuple[Key, bool]] = []

    def event(self, key: int, value: int, type_: int = 1) -> None:
        press = self.presses.feed(InputEvent(type_, key, value, self.now), self.now)
        if press is not None:
            self.got.append((press.key, press.repeated))

    def tap(self, key: int, held_s: float = 0.05) -> None:
        self.event(key, DOWN)
        self.now += held_s
        self.event(key, UP)

    def hold(self, key: int, seconds: float, *, down: bool = True) -> None:
        """With the kernel's auto-repeat: after 250 ms every 33 ms."""
        end = self.now + seconds
        if down:
            self.event(key, DOWN)
        self.now += 0.25
        while self.now < end:
            self.event(key, REPEATED)
            self.now += 0.033
        self.now = end


@pytest.fixture
def finger() -> Finger:
    return Finger()


def test_a_press(finger: Finger) -> None:
    finger.tap(KEY_ENTER)
    assert finger.got == [(Key.CONFIRM, False)]


def test_the_same_digit_twice_in_a_hurry(finger: Finger) -> None:
    finger.tap(KEY_5)
    finger.now += 0.06
    finger.tap(KEY_5)
    assert finger.got == [(Key.DIGIT_5, False)] * 2


def test_a_trembling_finger_presses_once() -> None:
    finger = Finger(KeyTimings(double_strike=0.5))
    for _ in range(4):
        finger.tap(KEY_ENTER)
        finger.now += 0.2
    assert finger.got == [(Key.CONFIRM, False)]
    assert finger.presses.counters["keys_bounced"] == 3
    finger.now += 0.5
    finger.tap(KEY_ENTER)
    assert len(finger.got) == 2


def test_another_key_is_no_bounce() -> None:
    finger = Finger(KeyTimings(double_strike=0.5))
    finger.tap(KEY_ENTER)
    finger.tap(KEY_UP)
    assert [key for key, _ in finger.got] == [Key.CONFIRM, Key.UP]


def test_a_key_held_down_repeats_late_and_slowly(finger: Finger) -> None:
    finger.hold(KEY_UP, 1.9)
    assert finger.got == [(Key.UP, False)]
    finger.hold(KEY_UP, 2.0, down=False)
    finger.event(KEY_UP, UP)
    assert finger.got[0] == (Key.UP, False)
    assert 3 <= len(finger.got[1:]) <= 5
    assert all(repeated for _, repeated in finger.got[1:])
    assert finger.presses.counters["keys_pressed"] == 1


def test_a_stuck_key_is_told_and_stops_repeating(finger: Finger) -> None:
    finger.hold(KEY_UP, 9.9)
    assert finger.presses.stuck(finger.now) == []
    assert finger.presses.next_check(finger.now) == pytest.approx(0.1)
    finger.hold(KEY_UP, 0.2, down=False)
    assert finger.presses.stuck(finger.now) == [Key.UP]
    assert finger.presses.next_check(finger.now) is None
    count = len(finger.got)
    finger.hold(KEY_UP, 60.0, down=False)
    assert len(finger.got) == count
    finger.tap(KEY_ENTER)  # the others go on
    assert finger.got[-1] == (Key.CONFIRM, False)
    finger.event(KEY_UP, UP)
    assert finger.presses.stuck(finger.now) == []


def test_one_that_does_not_repeat_can_be_stuck_too(finger: Finger) -> None:
    finger.event(KEY_F9, DOWN)
    assert finger.presses.stuck(finger.now + 10.0) == [None]


def test_a_key_held_before_we_came_presses_nothing_but_can_be_stuck(finger: Finger) -> None:
    finger.hold(KEY_ENTER, 11.0, down=False)
    assert finger.got == []
    assert finger.presses.stuck(finger.now) == [Key.CONFIRM]


def test_unknown_keys_and_the_mouse_are_counted_and_nothing_else(finger: Finger) -> None:
    finger.tap(KEY_F9)
    finger.tap(272)  # BTN_LEFT
    finger.event(0, 5, type_=2)
    assert finger.got == []
    assert finger.presses.counters["keys_unknown"] == 2


def test_lost_events_free_all_keys(finger: Finger) -> None:
    finger.event(KEY_UP, DOWN)
    finger.event(3, 0, type_=0)  # SYN_DROPPED
    assert finger.presses.stuck(finger.now + 60.0) == []
    finger.event(KEY_UP, DOWN)
    assert len(finger.got) == 2
    assert finger.presses.counters["events_lost"] == 1


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([KEY_ENTER, KEY_UP, KEY_5, KEY_F9]), st.integers(0, 2), st.floats(0.0, 3.0))),
)
def test_whatever_the_fingers_do(steps: list[tuple[int, int, float]]) -> None:
    """Never more presses than downs, repeats only of what is held, and all is well when all is let go."""
    finger = Finger()
    downs = 0
    for key, value, pause in steps:
        finger.now += pause
        downs += value == DOWN
        finger.event(key, value)
    assert sum(not repeated for _, repeated in finger.got) <= downs
    for key in (KEY_ENTER, KEY_UP, KEY_5, KEY_F9):
        finger.event(key, UP)
    assert finger.presses.stuck(finger.now + 100.0) == []
    assert finger.presses.next_check(finger.now) is None
