"""Messages: golden bytes, splitting, what is read and what is dropped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.card_terminal import zvt_apdu
from drivers.card_terminal.zvt_apdu import (
    Abort,
    Acknowledgement,
    ApduSplitter,
    Command,
    Completion,
    IntermediateStatus,
    Message,
    Print,
    Request,
    StatusInformation,
)
from drivers.card_terminal.zvt_bitmaps import CARD_DATA, LENGTHS, Fields
from tests.drivers.card_terminal import golden
from tests.drivers.card_terminal.golden import ABORTED_BY_KEY, COMPLETION, INSERT_CARD, STATUS

PAN = b"6222990000123456"
FIELDS = Fields(0, 1250, 470, None, 470, "223953", "1006", "28004869", 156, "", None)


def read(hexed: str | bytes, encoding: str = "gb18030") -> Message:
    data = hexed if isinstance(hexed, bytes) else bytes.fromhex(hexed)
    (received,) = ApduSplitter(encoding).feed(data)
    return received.message


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (zvt_apdu.registration(0, 156), golden.REGISTER[0]),
        (zvt_apdu.authorisation(1250), golden.PAY_12_50[0]),
        (zvt_apdu.authorisation(1000), golden.PAY_10_00[0]),
        (zvt_apdu.reversal(0, 470), golden.REVERSE_0470[0]),
        (zvt_apdu.CANCEL, golden.CANCEL[0]),
        (zvt_apdu.ACKNOWLEDGED, golden.ACKNOWLEDGED[0]),
        (zvt_apdu.NOT_SUPPORTED, "84 83 00"),
        (
            zvt_apdu.registration(123456, 978, text_blocks=True),
            "06 00 10 12 34 56 BE 09 78 03 01 06 06 26 04 0A 02 06 D3",
        ),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_commands(command: Command, expected: str) -> None:
    assert command.to_bytes() == bytes.fromhex(expected)


def test_passwords_are_secret_and_never_shown() -> None:
    command = zvt_apdu.reversal(987654, 470)
    assert "987654" not in repr(command)
    (secret,) = command.secret
    assert command.to_bytes()[secret] == bytes.fromhex("987654")


@pytest.mark.parametrize(
    ("hexed", "message"),
    [
        (STATUS[0], StatusInformation(FIELDS)),
        (INSERT_CARD[0], IntermediateStatus(0x0A)),
        (COMPLETION[0], Completion()),
        (ABORTED_BY_KEY[0], Abort(0x6C)),
        ("80 00 00", Acknowledgement()),
        ("84 00 00", Acknowledgement()),
        ("84 83 00", Acknowledgement(0x83)),
        ("04 0D 00", Request(b"\x04\x0d")),
        ("06 0F 0A 19 00 29 28 00 48 69 49 01 56", Completion(Fields(status=0, terminal="28004869", currency=156))),
        ("06 0F 09 F0 F0 F5 56 31 2E 30 32 00", Completion(Fields(), "V1.02")),
        ("06 D1 06 40 48 65 6C 6C 6F", Print(("Hello",))),
        ("06 D1 02 FF 03", Print(("", "", ""))),
        ("06 D1 01 40", Print(("",))),
        ("06 D3 0F 06 0D 1F 07 01 02 25 07 07 01 41 07 02 B8 C4", Print(("A", "改"), 2)),
        ("06 1E 00", Request(b"\x06\x1e")),
        ("04 FF 00", Request(b"\x04\xff")),
    ],
)
def test_messages(hexed: str, message: Message) -> None:
    assert read(hexed) == message


def test_long_block() -> None:
    """LEN FF and two bytes, the lower one first."""
    line = b"\x00" + b"x" * 299
    assert read(b"\x06\xd1\xff" + bytes([0x2C, 0x01]) + line) == Print(("x" * 80,))
    assert zvt_apdu.apdu(b"\x06\xd3", bytes(254))[:3] == b"\x06\xd3\xfe"
    assert zvt_apdu.apdu(b"\x06\xd3", bytes(255))[:5] == b"\x06\xd3\xff\xff\x00"
    assert zvt_apdu.apdu(b"\x06\xd3", bytes(0x1234))[:5] == b"\x06\xd3\xff\x34\x12"


@given(st.lists(st.sampled_from(golden.ALL), min_size=1, max_size=6), st.data())
def test_any_split_of_any_sequence(frames: list[tuple[str, str]], data: st.DataObject) -> None:
    stream = b"".join(bytes.fromhex(apdu) for apdu, _ in frames)
    expected = [read(apdu) for apdu, _ in frames]
    splitter, found, at = ApduSplitter("gb18030"), [], 0
    while at < len(stream):
        step = data.draw(st.integers(1, len(stream) - at))
        found += splitter.feed(stream[at : at + step])
        at += step
    assert [received.message for received in found] == expected
    assert splitter.pending == 0


def test_bytes_that_begin_no_message_are_skipped() -> None:
    splitter = ApduSplitter()
    found = splitter.feed(b"\x00\xff\x10" + bytes.fromhex(COMPLETION[0]))
    assert [received.message for received in found] == [Completion()]
    assert splitter.skipped == 3


def _field(number: int) -> bytes:
    """A field of card data, full of the card number."""
    length = LENGTHS[number]
    if length == -2:
        return bytes([number, 0xF1, 0xF6]) + PAN
    if length == -3:
        return bytes([number, 0xF0, 0xF1, 0xF6]) + PAN
    return bytes([number]) + PAN[:length]


@pytest.mark.parametrize("number", sorted(CARD_DATA), ids=lambda number: f"{number:02X}")
def test_card_data_is_overwritten_and_the_rest_is_read(number: int) -> None:
    field = _field(number)
    content = bytes.fromhex("27 00") + field + bytes.fromhex("87 04 70")
    (received,) = ApduSplitter().feed(zvt_apdu.apdu(b"\x04\x0f", content))
    assert received.message == StatusInformation(Fields(result=0, receipt=470))
    kept = field[: len(field) - (16 if LENGTHS[number] < 0 else LENGTHS[number])]
    assert received.frame == zvt_apdu.apdu(
        b"\x04\x0f", b"\x27\x00" + kept + bytes(len(field) - len(kept)) + b"\x87\x04\x70"
    )
    assert [part.stop - part.start for part in received.secret] == [len(field) - len(kept)]


@pytest.mark.parametrize(
    "tail",
    [
        b"\x06\x12\x5a\x10" + PAN,  # the number in a TLV container
        b"\x3c\xf0\xf1\xf6" + PAN,  # … in free text
        b"\x2a" + PAN[:15],
        b"\x9f" + PAN,  # behind a field nobody knows
        b"\x22\xf9\xf9" + PAN,  # in a field that is cut off
        b"\x22\x00\x10" + PAN,  # … whose length is none
        b"\x06\x85" + PAN,
        b"\x06\x82\x00",
    ],
    ids=["tlv", "text", "contract", "unknown", "cut", "no-length", "bad-ber", "short-ber"],
)
def test_what_is_not_read_is_overwritten(tail: bytes) -> None:
    (received,) = ApduSplitter().feed(zvt_apdu.apdu(b"\x04\x0f", b"\x27\x00" + tail))
    assert isinstance(received.message, StatusInformation)
    assert received.message.fields.result == 0
    assert PAN[:6] not in received.frame
    assert "6222" not in repr(received)


def test_an_unknown_field_ends_the_reading() -> None:
    """What stands behind it cannot be told from its content: no receipt number, and the message counts as damaged."""
    message = read("04 0F 08 27 00 F9 01 87 04 70 00")
    assert message == StatusInformation(Fields(result=0, damaged=True))


@pytest.mark.parametrize("hexed", ["04 0F 07 04 00 00 00 00 1A 50", "04 0F 03 87 0F 70", "04 0F 01 27"])
def test_numbers_that_are_none_are_damage(hexed: str) -> None:
    message = read(hexed)
    assert isinstance(message, StatusInformation)
    assert message.fields.damaged
    assert message.fields.amount is None


def test_totals() -> None:
    totals = "01 23 01 30" + "01 00 00 00 00 10 00" + "00 00 00 00 00 00 00" * 5 + "06 00 00 00 00 60 00"
    data = bytes.fromhex("27 00 04 00 00 00 00 70 00 60 F0 F5 F3" + totals)
    message = read(zvt_apdu.apdu(b"\x04\x0f", data))
    assert message == StatusInformation(Fields(result=0, amount=7000, count=7))


def test_the_buffer_is_overwritten() -> None:
    splitter = ApduSplitter()
    splitter.feed(b"\x04\x0f\x20\x22\xf1\xf6" + PAN)
    buffer = splitter._pending
    assert PAN in buffer
    splitter.reset()
    assert PAN not in buffer
    assert splitter.pending == 0
