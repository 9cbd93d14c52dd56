"""Frames of a card terminal on a serial line."""

from __future__ import annotations

from drivers.card_terminal.zvt_apdu import MAX_APDU
from drivers.card_terminal.zvt_serial import SerialParser, serial_frame
from tests.drivers.card_terminal.golden import ALL

SEEDS = tuple(bytes.fromhex(frame) for _, frame in ALL)


def one_input(data: bytes) -> None:
    """As it is, and as a sound frame."""
    parser = SerialParser("gb18030")
    step = data[0] % 16 + 1 if data else 1
    for at in range(0, len(data), step):
        parser.feed(data[at : at + step])
        assert parser.pending <= MAX_APDU
    parser.reset()
    assert len(parser.feed(serial_frame(data))) == 1
    assert parser.pending == 0
