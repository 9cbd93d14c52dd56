"""Codes out of key strokes, and what is no code."""

from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.code_scanner.frames import MAX_CODE
from drivers.code_scanner.keyboard import KeyboardParser, KeyboardRhythm
from drivers.link.input_events import DOWN, REPEATED, UP, InputEvent
from drivers.virtual.input_device import ENTER, LEFT_ALT, LEFT_CTRL, LEFT_SHIFT, US_LAYOUT

KEY_TAB, KEY_F1, KEY_CAPSLOCK, KEY_KP5, KEY_KPENTER = 15, 59, 58, 76, 96
PRINTABLE = "".join(sorted(set(string.printable) - set("\t\n\r\x0b\x0c")))


class Hands:
    """Types with a rhythm of its own."""

    def __init__(self, parser: KeyboardParser, period_s: float = 0.01) -> None:
        self.parser, self.period_s, self.now = parser, period_s, 100.0
        self.codes: list[bytes] = []

    def event(self, key: int, value: int, type_: int = 1) -> None:
        self.codes += [code.data for code in self.parser.feed([InputEvent(type_, key, value, self.now)])]

    def tap(self, key: int) -> None:
        self.now += self.period_s
        self.event(key, DOWN)
        self.event(key, UP)

    def type(self, text: str) -> None:
        for character in text:
            key, shifted = US_LAYOUT[character]
            if shifted:
                self.event(LEFT_SHIFT, DOWN)
            self.tap(key)
            if shifted:
                self.event(LEFT_SHIFT, UP)

    def scan(self, text: str) -> None:
        self.type(text)
        self.tap(ENTER)


@pytest.fixture
def hands() -> Hands:
    return Hands(KeyboardParser())


def test_the_whole_us_layout(hands: Hands) -> None:
    assert len(PRINTABLE) == 95
    hands.scan(PRINTABLE)
    assert hands.codes == [PRINTABLE.encode()]


def test_the_numeric_pad_and_its_enter(hands: Hands) -> None:
    hands.tap(KEY_KP5)
    hands.tap(KEY_KPENTER)
    assert hands.codes == [b"5"]


def test_only_key_down_counts(hands: Hands) -> None:
    hands.type("12")
    hands.event(3, REPEATED)
    hands.event(0x70004, 4, type_=4)  # the scan code beside each key
    hands.event(0, 5, type_=2)  # a mouse
    hands.tap(ENTER)
    assert hands.codes == [b"12"]


@pytest.mark.parametrize("modifier", [LEFT_CTRL, LEFT_ALT, 97, 100, 125, 126])
def test_any_other_modifier_spoils_the_whole_code(hands: Hands, modifier: int) -> None:
    hands.type("0350")
    hands.event(modifier, DOWN)
    hands.tap(US_LAYOUT["c"][0])
    hands.event(modifier, UP)
    hands.scan("12342718")
    assert hands.codes == []
    assert (hands.parser.rejected, hands.parser.with_modifiers) == (1, 1)
    hands.scan("035012342718")
    assert hands.codes == [b"035012342718"]


def test_a_modifier_held_from_before_spoils_too(hands: Hands) -> None:
    hands.event(LEFT_CTRL, DOWN)
    hands.now += 5.0
    hands.type("0350")
    hands.event(LEFT_CTRL, UP)
    hands.tap(ENTER)
    assert hands.codes == []


def test_enter_with_control_ends_nothing(hands: Hands) -> None:
    hands.type("0350")
    hands.event(LEFT_CTRL, DOWN)
    hands.tap(ENTER)
    hands.event(LEFT_CTRL, UP)
    hands.scan("1")
    assert hands.codes == []


@pytest.mark.parametrize("key", [KEY_F1, KEY_TAB, KEY_CAPSLOCK, 99, 113, 272])
def test_keys_that_print_nothing_spoil_it_too(hands: Hands, key: int) -> None:
    hands.type("03")
    hands.tap(key)
    hands.scan("50")
    assert hands.codes == []
    assert hands.parser.rejected == 1


def test_a_person_is_too_slow(hands: Hands) -> None:
    hands.period_s = 0.08
    hands.scan("035012342718")
    assert hands.codes == []
    assert hands.parser.rejected == 1
    hands.period_s = 0.05
    hands.scan("035012342718")
    assert hands.codes == [b"035012342718"]


def test_the_gap_is_a_setting() -> None:
    hands = Hands(KeyboardParser(KeyboardRhythm(key_gap=0.1)), 0.08)
    hands.scan("035012342718")
    assert hands.codes == [b"035012342718"]


def test_the_rest_of_a_code_with_a_gap_is_no_code(hands: Hands) -> None:
    hands.type("0350")
    hands.now += 0.4
    hands.scan("12342718")
    assert hands.codes == []
    hands.scan("2")
    assert hands.codes == [b"2"]


def test_a_code_that_never_ended_does_not_spoil_the_next(hands: Hands) -> None:
    hands.type("0350")
    hands.now += 5.0
    hands.scan("035012342718")
    assert hands.codes == [b"035012342718"]
    assert hands.parser.rejected == 1


def test_too_long(hands: Hands) -> None:
    hands.scan("9" * MAX_CODE)
    assert hands.codes == [b"9" * MAX_CODE]
    hands.type("9" * 5120)
    assert len(hands.parser._text) == 0
    hands.tap(ENTER)
    assert len(hands.codes) == 1
    hands.scan("1")
    assert hands.codes[-1] == b"1"


def test_lost_events_spoil_the_code_and_free_the_keys(hands: Hands) -> None:
    hands.event(LEFT_SHIFT, DOWN)
    hands.type("0350")
    hands.event(3, 0, type_=0)  # SYN_DROPPED
    hands.scan("12342718")
    assert hands.codes == []
    hands.scan("a1")
    assert hands.codes == [b"a1"]


def test_a_code_begun_before_the_question_is_skipped_to_its_end(hands: Hands) -> None:
    hands.type("0350")
    hands.parser.skip_begun()
    hands.scan("12342718")
    assert hands.codes == []
    hands.parser.skip_begun()
    hands.scan("1")
    assert hands.codes == [b"1"]


def test_enter_alone_is_no_code(hands: Hands) -> None:
    hands.scan("")
    hands.scan("  ")
    assert hands.codes == []


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 0x300), st.integers(-1, 3), st.floats(0, 1e6))))
def test_no_events_break_the_parser(events: list[tuple[int, int, int, float]]) -> None:
    parser = KeyboardParser()
    for event in events:
        parser.feed([InputEvent(*event)])
    parser.reset()
    hands = Hands(parser)
    hands.scan("0350")
    assert hands.codes == [b"0350"]
