"""The bytes of ICT104."""

from __future__ import annotations

from drivers.cash.ict104_codec import BILL_TYPES, Escrow, Parser

SEEDS: tuple[bytes, ...] = tuple(
    bytes.fromhex(raw)
    for raw in ("80 8F 3E 81 43 10", "81 81 44 11", "80 80 8F 29", "81 45 10 71 2F", "00 FF 7E 80 81 99")
)


def one_input(data: bytes) -> None:
    """Byte by byte or at once, it is the same; no message without its bytes."""
    whole, pieces = Parser(), Parser()
    messages = whole.feed(data)
    assert messages == [message for byte in data for message in pieces.feed(bytes([byte]))]
    assert len(messages) + whole.strange <= len(data)
    for message in messages:
        assert not isinstance(message, Escrow) or 1 <= message.bill_type <= BILL_TYPES
    whole.forget()
    assert not whole.waiting
