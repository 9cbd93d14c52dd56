"""Frames on a serial line: golden bytes, DLE doubling, damage."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.card_terminal.zvt_apdu import MAX_APDU, ApduSplitter, Completion, apdu
from drivers.card_terminal.zvt_serial import Framed, SerialParser, Signal, checksum, serial_frame
from tests.drivers.card_terminal import golden

FRAME = bytes.fromhex(golden.STATUS[1])


def feed(data: bytes) -> list[object]:
    return [e.received.message if isinstance(e, Framed) else e for e in SerialParser("gb18030").feed(data)]


def test_checksum_is_kermit() -> None:
    """Its check value is 2189 for "123456789"; the 03 of the frame's end counts."""
    assert checksum(b"12345678") != 0x2189
    assert checksum(bytes.fromhex("80 00 00")).to_bytes(2, "little") == b"\xf5\x1f"


@pytest.mark.parametrize("pair", golden.ALL, ids=[pair[0][:5] for pair in golden.ALL])
def test_golden(pair: tuple[str, str]) -> None:
    message, frame = bytes.fromhex(pair[0]), bytes.fromhex(pair[1])
    assert serial_frame(message) == frame
    (same,) = ApduSplitter("gb18030").feed(message)
    assert feed(frame) == [same.message]


@given(st.binary(max_size=300))
def test_round_trip_one_byte_at_a_time(data: bytes) -> None:
    parser = SerialParser()
    frame = serial_frame(apdu(b"\x06\xd1", b"\x10" + data))
    events = [event for byte in frame for event in parser.feed(bytes([byte]))]
    assert len(events) == 1
    assert isinstance(events[0], Framed)
    assert parser.pending == 0


@pytest.mark.parametrize(
    ("data", "events"),
    [
        (b"\x06", [Signal.ACK]),
        (b"\x15", [Signal.NAK]),
        (b"\x00\x55\x10\x33" + FRAME, ["message"]),  # noise before it
        (b"\x10" + FRAME, ["message"]),
        (FRAME + FRAME, ["message", "message"]),
        (FRAME[:9] + FRAME, ["message"]),  # cut off, and sent again
        (b"\x06" + FRAME + b"\x06", [Signal.ACK, "message", Signal.ACK]),
        (FRAME[:-1] + b"\x00", [Signal.DAMAGED]),
        (FRAME[:6] + FRAME[7:], [Signal.DAMAGED]),
        (FRAME[:6] + b"\x10\x77" + FRAME, [Signal.DAMAGED, "message"]),
        (serial_frame(b"\x06\x0f\x05"), [Signal.DAMAGED]),  # sound, but its length is not
        (serial_frame(b""), [Signal.DAMAGED]),
        (FRAME[:-2], []),
    ],
)
def test_lines(data: bytes, events: list[object]) -> None:
    found = [each if isinstance(each, Signal) else "message" for each in feed(data)]
    assert found == events


def test_resynchronises_after_an_endless_frame() -> None:
    parser = SerialParser()
    assert parser.feed(b"\x10\x02" + bytes(MAX_APDU + 1)) == [Signal.DAMAGED]
    assert parser.pending == 0
    (event,) = parser.feed(bytes.fromhex(golden.COMPLETION[1]))
    assert isinstance(event, Framed)
    assert event.received.message == Completion()


def test_a_repeated_frame_has_the_same_checksum() -> None:
    events = SerialParser().feed(FRAME + FRAME + bytes.fromhex(golden.COMPLETION[1]))
    crcs = [event.crc for event in events if isinstance(event, Framed)]
    assert crcs[0] == crcs[1] != crcs[2]
