"""Input events in any pieces, through scanner and keypad: no exception, nothing unbounded, and no code with keys in it
that print nothing."""

from __future__ import annotations

from drivers.code_scanner.frames import MAX_CODE
from drivers.code_scanner.keyboard import KeyboardParser
from drivers.keypad.keymap import key_numbers
from drivers.keypad.presses import KeyPresses, KeyTimings
from drivers.link.input_events import RECORD, EventParser, InputEvent

KEYS = key_numbers({})


def _typed(*strokes: tuple[int, int], period: float = 0.01, first: bytes = b"\x18") -> bytes:
    events = [InputEvent(1, key, value, 100.0 + at * period) for at, (key, value) in enumerate(strokes)]
    return first + b"".join(event.to_bytes() for event in events)


SEEDS: tuple[bytes, ...] = (
    _typed((2, 1), (2, 0), (42, 1), (30, 1), (30, 0), (42, 0), (28, 1), (28, 0)),
    _typed((2, 1), (29, 1), (46, 1), (46, 0), (29, 0), (28, 1), (28, 0), first=b"\x01"),
    _typed((103, 1), *((103, 2) for _ in range(20)), (103, 0), period=0.6),
    _typed((67, 1), (67, 0), (28, 1), (28, 0), (28, 1), first=b"\x05") + InputEvent(0, 3, 0, 101.0).to_bytes(),
    b"\x07\xff\xfe\xfd" + _typed((2, 1), (28, 1), first=b""),
    _typed(*((3, 1) for _ in range(300)), (28, 1), first=b"\xff"),
)


def one_input(data: bytes) -> None:
    """The first byte says in what pieces the rest comes."""
    if not data:
        return
    step, rest = 1 + data[0], data[1:]
    events, codes, presses = EventParser(), KeyboardParser(), KeyPresses(KEYS, KeyTimings())
    for at in range(0, len(rest), step):
        found = events.feed(rest[at : at + step])
        assert len(events._pending) < RECORD.size
        for code in codes.feed(found):
            assert 0 < len(code.data) <= MAX_CODE
            assert code.data.isascii()
            assert code.text() is not None
        assert len(codes._text) <= MAX_CODE
        for event in found:
            assert len(event.to_bytes()) == RECORD.size
            press = presses.feed(event, event.at)
            assert press is None or event.is_key
            presses.stuck(event.at)
            pause = presses.next_check(event.at)
            assert pause is None or pause >= 0
    assert sum(presses.counters.values()) <= 2 * len(rest)
