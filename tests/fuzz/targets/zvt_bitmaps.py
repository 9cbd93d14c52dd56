"""The data fields of a card terminal's messages: whatever is in them, nothing that is not read remains."""

from __future__ import annotations

from drivers.card_terminal.zvt_bitmaps import CARD_DATA, read_fields
from tests.drivers.card_terminal.golden import STATUS

SEEDS = (
    bytes.fromhex(STATUS[0])[3:],
    bytes.fromhex("27 00 22 F0 F8 62 22 99 00 00 12 34 56 0B 00 04 70"),
    bytes.fromhex("27 00 06 81 02 5A 00 60 F0 F0 F0 8B F0 F3 41 42 00"),
    bytes.fromhex("F0 F1 F2"),
)


def one_input(data: bytes) -> None:
    buffer = bytearray(data)
    fields, blanked = read_fields(buffer, 0)
    assert len(buffer) == len(data)
    for part in blanked:
        assert not any(buffer[part])
    hidden = {index for part in blanked for index in range(part.start, part.stop)}
    assert all(buffer[index] == data[index] for index in range(len(data)) if index not in hidden)
    if len(data) > 3 and data[0] in CARD_DATA and not fields.damaged:
        assert blanked, "card data stayed"
