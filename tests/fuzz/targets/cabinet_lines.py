"""The messages of a box behind a socket."""

from __future__ import annotations

from drivers.cabinet.line_messages import MAX_MESSAGE, MessageParser

SEEDS: tuple[bytes, ...] = (
    b"\x05OK\nLEVEL 4 high\nLEVEL door low\nOK\n",
    b"\x01BUSY gpiomon\nNONE\n",
    b"\x40LEVEL 4 high\r\n\xff\xfe\nLEVEL\n" + b"x" * 300 + b"\nOK\n",
)


def one_input(data: bytes) -> None:
    """No exception at all; the buffer stays bounded; cutting the bytes elsewhere changes nothing."""
    step, stream = (data[0] % 64 + 1 if data else 1), data[1:]
    pieces, whole = MessageParser(), MessageParser()
    found = []
    for at in range(0, len(stream), step):
        found += pieces.feed(stream[at : at + step])
        assert pieces.buffered <= MAX_MESSAGE
    assert found == whole.feed(stream)
    assert pieces.damaged == whole.damaged
