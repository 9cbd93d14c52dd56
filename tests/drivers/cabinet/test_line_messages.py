"""The messages of a box behind a socket."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from drivers.cabinet.line_messages import (
    MAX_MESSAGE,
    READ,
    Done,
    Level,
    MessageParser,
    Word,
    set_output,
    take_input,
    take_output,
)
from drivers.cabinet.line_port import InputLine, OutputLine, Pull


def test_golden_commands() -> None:
    assert take_input(4, InputLine(Pull.UP, 0.03)) == b"TAKE in 4 up 30\n"
    assert take_input("door", InputLine(Pull.DOWN)) == b"TAKE in door down 0\n"
    assert take_output(17, OutputLine()) == b"TAKE out 17 low\n"
    assert set_output(17, True) == b"SET 17 high\n"
    assert READ == b"READ\n"


def test_golden_answers() -> None:
    parser = MessageParser()
    assert parser.feed(b"LEVEL 4 high\nLEVEL door low\nOK\nBUSY gpio mon\nBUSY\nNONE\r\n") == [
        Level(4, True),
        Level("door", False),
        Done(Word.OK),
        Done(Word.BUSY, "gpio mon"),
        Done(Word.BUSY),
        Done(Word.NONE),
    ]
    assert parser.damaged == 0


def test_noise_is_dropped_and_counted() -> None:
    parser = MessageParser()
    noise = b"\xff\x00\nLEVEL 4 maybe\nLEVEL 4\nok\n\n" + b"x" * 5000 + b"\n"
    assert parser.feed(noise + b"LEVEL 4 low\n") == [Level(4, False)]
    assert parser.damaged == 6


def test_a_message_without_an_end() -> None:
    parser = MessageParser()
    for _ in range(100):
        assert parser.feed(b"x" * 150) == []
        assert parser.buffered <= MAX_MESSAGE
    assert parser.feed(b"\nOK\n") == [Done(Word.OK)]


@given(st.binary(max_size=600), st.integers(1, 40))
def test_cut_anywhere_and_bounded(noise: bytes, step: int) -> None:
    stream = noise + b"\nLEVEL 7 high\nOK\n"
    parser, found = MessageParser(), []
    for at in range(0, len(stream), step):
        found += parser.feed(stream[at : at + step])
        assert parser.buffered <= MAX_MESSAGE
    assert found[-2:] == [Level(7, True), Done(Word.OK)]
    assert found == MessageParser().feed(stream)
