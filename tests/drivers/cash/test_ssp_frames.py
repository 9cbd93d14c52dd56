"""SSP frames: known bytes, every way of cutting a stream, damage."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.cash.ssp_frames import MAX_RAW, Frame, FrameParser
from drivers.virtual import itl_ssp_frames
from tests.drivers.cash.golden import FRAMES

frames = st.builds(Frame, st.integers(0, 0x7D), st.booleans(), st.binary(min_size=1, max_size=255))


@pytest.mark.parametrize("name", FRAMES)
def test_known_frames(name: str) -> None:
    flag, data, raw = FRAMES[name]
    frame = Frame(0, flag, bytes.fromhex(data))
    assert frame.to_bytes().hex(" ").upper() == raw
    assert Frame.from_bytes(bytes.fromhex(raw)) == frame
    assert itl_ssp_frames.frame(0x80 if flag else 0, bytes.fromhex(data)) == bytes.fromhex(raw)


@given(frames)
def test_the_simulators_own_checksum_agrees(frame: Frame) -> None:
    first = frame.address | (0x80 if frame.sequence else 0)
    assert itl_ssp_frames.frame(first, frame.data) == frame.to_bytes()


@given(st.lists(frames, min_size=1, max_size=3), st.binary(max_size=20), st.data())
def test_any_split_and_noise_before(sent: list[Frame], noise: bytes, data: st.DataObject) -> None:
    """Noise that looks like the beginning of a longer frame may still wait for its end; it takes none with it."""
    raw = noise + b"".join(frame.to_bytes() for frame in sent)
    parser, got = FrameParser(), []
    while raw:
        n = data.draw(st.integers(1, len(raw)))
        got += parser.feed(raw[:n])
        assert parser.pending <= MAX_RAW
        raw = raw[n:]
    got += parser.feed(bytes(262))  # whatever was begun is complete now
    assert got == sent


@given(frames, st.integers(0), st.integers(1, 255))
def test_a_damaged_byte_is_no_other_frame(frame: Frame, where: int, how: int) -> None:
    raw = bytearray(frame.to_bytes())
    raw[where % len(raw)] ^= how
    assert FrameParser().feed(bytes(raw)) in ([], [frame])


def test_a_frame_after_a_cut_one() -> None:
    credit, poll = bytes.fromhex(FRAMES["credit 3"][2]), bytes.fromhex(FRAMES["ok 0"][2])
    parser = FrameParser()
    assert parser.feed(credit[:5] + poll) == [Frame(0, False, b"\xf0")]
    assert parser.damaged == 1


@pytest.mark.parametrize("raw", ["", "7F 80 01 11 65", "7F 80 01 11 65 83", "00 7F 80 01 11 65 82", "7F 80 00 11 65"])
def test_not_one_frame(raw: str) -> None:
    with pytest.raises(ValueError, match="not one SSP frame"):
        Frame.from_bytes(bytes.fromhex(raw))


@pytest.mark.parametrize(("address", "data"), [(0x7E, b"\x07"), (-1, b"\x07"), (0, b""), (0, bytes(256))])
def test_impossible_frames(address: int, data: bytes) -> None:
    with pytest.raises(ValueError, match="SSP"):
        Frame(address, False, data)
