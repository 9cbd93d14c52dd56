"""SSP frames and what is in them."""

from __future__ import annotations

from contextlib import suppress

from drivers.cash.ssp_frames import MAX_RAW, Frame, FrameParser
from drivers.cash.ssp_messages import PollReply, Setup

SEEDS: tuple[bytes, ...] = tuple(
    bytes.fromhex(raw)
    for raw in (
        "03 7F 80 01 F0 23 80",
        "01 7F 00 03 F0 EF 03 C6 76",
        "07 7F 80 03 F0 EE 03 C6 4C 7F 00 01 F0 20 0A",
        "02 7F 80 03 02 7F 7F FF 2C 24",
        "05 00 7F 7F 80 05 F0 EE 01 7F 7F 00 01 F0 20 0A",
        "04 F0 DA 01 E8 03 00 00 43 4E 59",
        "06 00 30 33 33 30 43 4E 59 00 00 01 03 05 0A 14 02 02 02 00 00 64 04",
    )
)


def one_input(data: bytes) -> None:
    """The first byte says in what pieces the rest comes."""
    if not data:
        return
    size, stream = data[0] % 19 + 1, data[1:]
    parser, whole = FrameParser(), FrameParser()
    frames: list[Frame] = []
    for start in range(0, len(stream), size):
        frames += parser.feed(stream[start : start + size])
        assert parser.pending <= MAX_RAW
    assert frames == whole.feed(stream), "it depends on how the bytes came"
    for frame in frames:
        assert Frame.from_bytes(frame.to_bytes()) == frame
    for content in [stream, *(frame.data[1:] for frame in frames)]:
        assert len(PollReply.from_data(content).events) <= len(content)
        if (setup := Setup.from_data(content)) is not None:
            assert 1 <= len(setup.channels) <= 16
    with suppress(ValueError):
        Frame.from_bytes(stream)
