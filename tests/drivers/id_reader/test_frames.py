"""The codec, byte for byte and under every kind of damage."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.id_reader.frames import (
    MAX_LENGTH,
    PREAMBLE,
    SET_UART,
    CardContent,
    Command,
    Reply,
    ReplyParser,
    Request,
    Sw3,
    checksum,
    sam_number,
)
from tests.drivers.id_reader import golden


@pytest.mark.parametrize("name", golden.REQUESTS)
def test_requests_are_the_standards(name: str) -> None:
    assert Request(Command[name]).to_bytes() == bytes.fromhex(golden.REQUESTS[name])


def test_every_command_has_a_golden_frame() -> None:
    assert {command.name for command in Command} == set(golden.REQUESTS) | {"SET_RF_FRAME"}
    assert Request(Command.SET_RF_FRAME, b"\x50").to_bytes() == golden.SET_RF_FRAME


def test_the_speeds_are_the_standards() -> None:
    assert {baud: command.name for baud, command in SET_UART.items()} == {
        baud: f"SET_UART_{baud}" for baud in (115200, 57600, 38400, 19200, 9600)
    }


@given(st.binary(max_size=3000))
def test_the_checksum_is_the_exclusive_or_of_all_bytes(body: bytes) -> None:
    naive = 0
    for byte in body:
        naive ^= byte
    assert checksum(body) == naive


@pytest.mark.parametrize(
    ("frame", "status", "size"),
    [
        (golden.OK, Sw3.SUCCESS, 0),
        (golden.FOUND, Sw3.CARD_FOUND, 4),
        (golden.NO_CARD, Sw3.FIND_FAILED, 0),
        (golden.SELECTED, Sw3.SUCCESS, 8),
        (golden.SELECT_FAILED, Sw3.SELECT_FAILED, 0),
        (golden.READ_FAILED, Sw3.READ_FAILED, 0),
        (golden.REFUSED, Sw3.READER_REFUSED_CARD, 0),
        (golden.NO_ADDRESS, Sw3.NO_SUCH_ITEM, 0),
        (golden.BAD_REQUEST, Sw3.CHECKSUM_ERROR, 0),
        (golden.SAM_NUMBER_REPLY, Sw3.SUCCESS, 16),
        (golden.READ_REPLY, Sw3.SUCCESS, 1284),
        (golden.READ_FINGERPRINT_REPLY, Sw3.SUCCESS, 2310),
        (golden.NEW_ADDRESS_REPLY, Sw3.SUCCESS, 70),
    ],
)
def test_replies_are_understood_and_written_alike(frame: bytes, status: Sw3, size: int) -> None:
    (reply,) = ReplyParser().feed(frame)
    assert (reply.sw1, reply.sw2, reply.status, len(reply.data)) == (0, 0, status, size)
    assert reply.to_bytes() == frame


@pytest.mark.parametrize(("code", "status"), [(status.value, status) for status in Sw3 if status not in (0x90, 0x9F)])
def test_every_refusal_is_a_frame_of_eleven_bytes(code: int, status: Sw3) -> None:
    # AA AA AA 96 69 00 04 00 00 SW3 CHK, with CHK = 04 xor SW3
    frame = bytes.fromhex("AAAAAA9669 0004 0000") + bytes([code, 4 ^ code])
    assert ReplyParser().feed(frame) == [Reply(0, 0, status)]


def test_the_words_of_the_card_are_relayed() -> None:
    (reply,) = ReplyParser().feed(bytes.fromhex("AAAAAA9669 0004 6A8231 DD"))
    assert (reply.sw1, reply.sw2, reply.status) == (0x6A, 0x82, Sw3.CARD_REFUSED_READER)


def test_the_sams_number_reads_as_printed() -> None:
    (reply,) = ReplyParser().feed(golden.SAM_NUMBER_REPLY)
    assert sam_number(reply.data) == golden.SAM_NUMBER
    with pytest.raises(ValueError, match="16 bytes"):
        sam_number(reply.data[:15])


def test_text_and_photo_are_cut_by_their_lengths() -> None:
    (reply,) = ReplyParser().feed(golden.READ_REPLY)
    content = CardContent.from_bytes(reply.data)
    assert content is not None
    assert content.text == golden.TEXT
    assert content.photo == golden.PHOTO


def test_fingerprints_come_behind_the_photo() -> None:
    assert len(golden.READ_FINGERPRINT_REPLY) == golden.FINGERPRINT_REPLY_BYTES[1024]
    (reply,) = ReplyParser().feed(golden.READ_FINGERPRINT_REPLY)
    content = CardContent.from_bytes(reply.data, with_fingerprint=True)
    assert content is not None
    assert (content.text, content.photo, content.fingerprint) == (golden.TEXT, golden.PHOTO, bytes(1024))
    assert CardContent.from_bytes(reply.data) is None, "text at 14 would be four bytes off"


@pytest.mark.parametrize("size", [0, 512])
def test_fewer_fingerprints(size: int) -> None:
    lengths = b"\x01\x00\x04\x00" + size.to_bytes(2, "big")
    content = CardContent.from_bytes(lengths + golden.TEXT + golden.PHOTO + bytes(size), with_fingerprint=True)
    assert content is not None
    assert len(content.fingerprint) == size


@pytest.mark.parametrize(
    "data", [b"", b"\x01\x00", b"\x01\x00\x04\x00" + bytes(100), b"\x00\x80\x04\x00" + bytes(1152)]
)
def test_lengths_that_do_not_add_up_give_no_content(data: bytes) -> None:
    assert CardContent.from_bytes(data) is None
    assert CardContent.from_bytes(data, with_fingerprint=True) is None


def test_an_extra_aa_is_part_of_no_frame() -> None:
    assert ReplyParser().feed(b"\xaa" + golden.OK) == [Reply(0, 0, 0x90)]
    assert ReplyParser().feed(b"\xaa\xaa\xaa\xaa" + golden.NO_CARD) == [Reply(0, 0, 0x80)]


def test_a_wrong_checksum_costs_that_frame_only() -> None:
    parser = ReplyParser()
    bad = golden.FOUND[:-1] + b"\x00"
    assert parser.feed(bad + golden.OK) == [Reply(0, 0, 0x90)]
    assert parser.damaged == 1


@pytest.mark.parametrize("length", [0, 1, 3, MAX_LENGTH + 1, 0xFFFF])
def test_an_impossible_length_does_not_swallow_what_follows(length: int) -> None:
    bad = PREAMBLE + length.to_bytes(2, "big") + b"\x00\x00"
    assert ReplyParser().feed(bad + golden.OK) == [Reply(0, 0, 0x90)]


def test_a_length_damaged_upwards_gives_back_the_frames_it_swallowed() -> None:
    bad = PREAMBLE + (40).to_bytes(2, "big") + b"\x00\x00\x90\x94"
    found = ReplyParser().feed(bad + golden.NO_CARD * 5)
    assert found == [Reply(0, 0, 0x80)] * 5


def test_a_truncated_frame_is_waited_for_and_forgotten_by_reset() -> None:
    parser = ReplyParser()
    assert parser.feed(golden.READ_REPLY[:700]) == []
    parser.reset()
    assert parser.feed(golden.OK) == [Reply(0, 0, 0x90)]


def test_nothing_of_the_person_shows() -> None:
    (reply,) = ReplyParser().feed(golden.READ_REPLY)
    assert repr(reply) == "Reply(status=0x90, 1284 bytes)"
    assert reply.head == golden.READ_REPLY[:10]
    assert repr(CardContent.from_bytes(reply.data)) == "CardContent(…)"


replies = st.builds(
    Reply,
    sw1=st.integers(0, 255),
    sw2=st.integers(0, 255),
    status=st.integers(0, 255),
    data=st.one_of(
        st.binary(max_size=40),
        # data full of preambles, as a photo could hold
        st.lists(st.sampled_from([b"\xaa", b"\xaa\xaa\xaa\x96\x69", b"\x00\x04"]), max_size=8).map(b"".join),
        st.just(bytes(1284)),
    ),
)
noise = st.one_of(
    st.just(b""),
    st.binary(max_size=12),
    st.lists(st.sampled_from([b"\xaa", b"\x96", b"\x69"]), max_size=9).map(b"".join),
).filter(lambda n: PREAMBLE not in n)


@settings(deadline=None)
@given(st.lists(st.tuples(noise, replies), max_size=5), noise, st.data())
def test_any_split_with_any_noise_between_gives_the_frames(
    items: list[tuple[bytes, Reply]], tail: bytes, data: st.DataObject
) -> None:
    stream = b"".join(before + reply.to_bytes() for before, reply in items) + tail
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    parser, found = ReplyParser(), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += parser.feed(stream[start:end])
    assert found == [reply for _, reply in items]
    assert parser.damaged == 0


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_break_the_parser(rubbish: bytes) -> None:
    parser = ReplyParser()
    parser.feed(rubbish)
    assert parser.pending < MAX_LENGTH + 7
    parser.reset()
    assert parser.feed(golden.OK) == [Reply(0, 0, 0x90)]


@settings(deadline=None)
@given(st.integers(0, len(golden.FOUND) - 1), st.integers(1, 255))
def test_one_flipped_byte_never_passes_as_a_frame(at: int, flip: int) -> None:
    bad = bytearray(golden.FOUND)
    bad[at] ^= flip
    if at in (5, 6):  # the parser may wait for a longer frame; give it one
        bad += bytes(MAX_LENGTH)
    assert [r for r in ReplyParser().feed(bytes(bad)) if r == Reply(0, 0, 0x9F, bytes(4))] == []
