"""Messages of a card terminal over TCP."""

from __future__ import annotations

from drivers.card_terminal.zvt_apdu import MAX_APDU, ApduSplitter
from tests.drivers.card_terminal.golden import ALL

SEEDS = (
    *(bytes.fromhex(message) for message, _ in ALL),
    bytes.fromhex("06 D3 0F 06 0D 1F 07 01 02 25 07 07 01 41 07 02 B8 C4"),
    bytes.fromhex("06 0F 09 F0 F0 F5 56 31 2E 30 32 00"),
    bytes.fromhex("06 D1 FF 02 00 40 41"),
)


def one_input(data: bytes) -> None:
    """The first byte says how it is cut."""
    splitter = ApduSplitter("gb18030")
    step = data[0] % 16 + 1 if data else 1
    for at in range(0, len(data), step):
        for received in splitter.feed(data[at : at + step]):
            for part in received.secret:
                assert not any(received.frame[part])
        assert splitter.pending <= MAX_APDU
