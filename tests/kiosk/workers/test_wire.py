from __future__ import annotations

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.workers.wire import Kind, Message, Unpacker, WireError

messages = st.builds(
    Message,
    kind=st.sampled_from(Kind),
    body=st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5) | st.none(), max_size=3),
    blob=st.binary(max_size=40),
    id=st.integers(0, 1 << 40),
)


@given(st.lists(messages, max_size=5), st.integers(1, 17))
def test_any_cut_of_the_stream_gives_the_same_messages(sent: list[Message], step: int) -> None:
    stream = b"".join(message.to_bytes() for message in sent)
    unpacker = Unpacker()
    got = [m for start in range(0, len(stream), step) for m in unpacker.feed(stream[start : start + step])]
    assert [(m.kind, m.id, m.body, m.blob) for m in got] == [(m.kind, m.id, m.body, m.blob) for m in sent]


@given(st.binary(max_size=200))
def test_noise_is_refused_or_waited_for(noise: bytes) -> None:
    with contextlib.suppress(WireError):
        list(Unpacker().feed(noise))


@pytest.mark.parametrize(
    "frame",
    [
        struct.pack(">II", 1 << 30, 0),
        struct.pack(">II", 2, 1 << 30),
        struct.pack(">II", 2, 0) + b"[]",
        struct.pack(">II", 4, 0) + b"\xff\xfe\x00\x00",
    ],
)
def test_frames_that_are_not_ours(frame: bytes) -> None:
    with pytest.raises(WireError):
        list(Unpacker().feed(frame))


def test_a_message_does_not_show_what_it_carries() -> None:
    assert "519999" not in repr(Message(Kind.REQUEST, {"number": "519999199001010017"}, b"519999"))
