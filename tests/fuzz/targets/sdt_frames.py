"""The ID reader's frames: any bytes in any chunks, and what is understood of a card's reply."""

from __future__ import annotations

from drivers.id_reader.channel import answers
from drivers.id_reader.frames import MAX_LENGTH, CardContent, Command, ReplyParser, sam_number
from tests.drivers.id_reader import golden

SEEDS: tuple[bytes, ...] = (
    b"\x07" + golden.OK,
    b"\x01" + golden.FOUND + golden.SELECTED,
    b"\xff" + golden.SAM_NUMBER_REPLY,
    b"\x40" + golden.READ_REPLY,
    b"\x40" + golden.READ_FINGERPRINT_REPLY,
    b"\x20" + golden.NEW_ADDRESS_REPLY + golden.NO_ADDRESS,
    b"\x03" + b"\xaa" * 9 + golden.NO_CARD,
    b"\x30" + golden.OK[:5] + b"\xff\xff" + golden.OK * 3,
    b"\x30" + golden.OK[:5] * 40,
)


def one_input(data: bytes) -> None:
    """The first byte says how long the chunks are. No exception at all; the buffer never exceeds one frame."""
    step = data[0] + 1 if data else 1
    parser = ReplyParser()
    for start in range(1, len(data), step):
        for reply in parser.feed(data[start : start + step]):
            assert reply.to_bytes() in data
            assert reply.to_bytes().startswith(reply.head)
            for command in Command:
                answers(command, reply)
            for with_fingerprint in (False, True):
                content = CardContent.from_bytes(reply.data, with_fingerprint=with_fingerprint)
                assert content is None or len(content.text) == 256
            if len(reply.data) == 16:
                sam_number(reply.data)
        assert parser.pending < MAX_LENGTH + 7
    parser.reset()
    assert parser.pending == 0
