"""ICT104's bytes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from drivers.cash.ict104_codec import Code, Escrow, Order, Parser, PowerUp


def test_the_manuals_example() -> None:
    """Power-up, answered; enabled; note type 4 taken and counted."""
    parser = Parser()
    assert parser.feed(bytes.fromhex("80 8F")) == [PowerUp()]
    assert parser.feed(bytes.fromhex("3E")) == [Code.ENABLED]
    assert parser.feed(bytes.fromhex("81 43")) == [Escrow(4)]
    assert parser.feed(bytes.fromhex("10")) == [Code.STACKED]
    assert bytes([Order.ACCEPT, Order.ENABLE, Order.POLL]) == bytes.fromhex("02 3E 0C")
    assert bytes([Order.REJECT, Order.DISABLE, Order.RESET]) == bytes.fromhex("0F 5E 30")


def test_pairs_one_byte_at_a_time_and_glued() -> None:
    parser = Parser()
    assert parser.feed(b"\x81") == []
    assert parser.waiting
    assert parser.feed(b"\x40") == [Escrow(1)]
    assert parser.feed(bytes.fromhex("8F 40 81 44 80 8F 11")) == [Escrow(5), PowerUp(), Code.REJECTED]
    assert parser.strange == 2


def test_a_stray_first_byte_makes_no_note() -> None:
    parser = Parser()
    assert parser.feed(bytes.fromhex("81 45 81 80 81 10")) == [Code.STACKED]
    assert parser.feed(b"\x81") == []
    parser.forget()
    assert parser.feed(b"\x40") == []


def test_two_first_bytes() -> None:
    assert Parser().feed(bytes.fromhex("81 81 41 80 80 8F")) == [Escrow(2), PowerUp()]


@given(st.binary())
def test_every_byte_is_read_alike_however_it_comes(data: bytes) -> None:
    one, other = Parser(), Parser()
    assert one.feed(data) == [message for byte in data for message in other.feed(bytes([byte]))]
    assert one.strange == other.strange
