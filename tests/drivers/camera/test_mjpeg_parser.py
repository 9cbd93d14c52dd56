from __future__ import annotations

import random

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.camera.mjpeg_parser import MOST_HEADER, MOST_PART, MjpegError, MjpegParser, decodable, jpeg_size
from tests.drivers.camera.mjpeg import jpeg

JPEG = jpeg(np.full((12, 20, 3), 90, np.uint8))


def part(body: bytes = JPEG, *, length: bool = True, end: bytes = b"\r\n", mark: bytes = b"--edge") -> bytes:
    head = [mark, b"Content-Type: image/jpeg"] + ([b"Content-Length: %d" % len(body)] if length else [])
    return end.join(head) + end + end + body + end


def feed_many(parser: MjpegParser, chunk: bytes, limit: int) -> None:
    """A little more than `limit` bytes; the buffer never holds more."""
    for _ in range(limit // len(chunk) + 2):
        parser.feed(chunk)
        assert parser.buffered <= limit + len(chunk)


@pytest.mark.parametrize("length", [True, False])
@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_in_whatever_pieces(length: bool, end: bytes, size: int) -> None:
    parser = MjpegParser("edge")
    stream = b"prelude" + part(length=length, end=end) * 3 + b"--edge"
    found = [body for at in range(0, len(stream), size) for body in parser.feed(stream[at : at + size])]
    assert len(found) == 3
    assert all(body.startswith(JPEG) and len(body) <= len(JPEG) + 2 for body in found)


@pytest.mark.parametrize("boundary", ["edge", "--edge", '"edge"'])
def test_boundaries_as_cameras_write_them(boundary: str) -> None:
    assert len(MjpegParser(boundary).feed(part())) == 1


def test_no_boundary() -> None:
    for boundary in ("", "--", '""'):
        with pytest.raises(MjpegError):
            MjpegParser(boundary)


def test_a_wrong_length_spoils_one_picture_only() -> None:
    for wrong in (b"5", b"2000"):
        head = b"--edge\r\nContent-Length: " + wrong + b"\r\n\r\n"
        stream = head + JPEG + b"\r\n" + part() * 8
        assert JPEG in MjpegParser("edge").feed(stream)


def test_garbage_between_parts() -> None:
    chance = random.Random(5)
    stream = b"".join(chance.randbytes(999) + part() for _ in range(5))
    assert MjpegParser("edge").feed(stream).count(JPEG) == 5


def test_endless_garbage_is_not_kept() -> None:
    parser = MjpegParser("edge")
    for _ in range(100):
        assert parser.feed(bytes(10_000)) == []
        assert parser.buffered < 100


def test_an_endless_header() -> None:
    parser = MjpegParser("edge")
    parser.feed(b"--edge\r\n")
    with pytest.raises(MjpegError):
        feed_many(parser, b"X-More: aaaaaaaaaaaaaaaa\r\n", MOST_HEADER)


def test_a_huge_length() -> None:
    with pytest.raises(MjpegError):
        MjpegParser("edge").feed(b"--edge\r\nContent-Length: %d\r\n\r\n" % (MOST_PART + 1))


def test_an_endless_part() -> None:
    parser = MjpegParser("edge")
    parser.feed(b"--edge\r\n\r\n")
    with pytest.raises(MjpegError):
        feed_many(parser, bytes(1 << 20), MOST_PART)


def test_wiped() -> None:
    parser = MjpegParser("edge")
    parser.feed(part()[:-30])
    parser.wipe()
    assert parser.buffered == 0
    assert len(parser.feed(part())) == 1


@pytest.mark.parametrize("shape", [(12, 20), (480, 640), (1, 1), (2160, 3840)])
def test_sizes(shape: tuple[int, int]) -> None:
    data = jpeg(np.zeros((*shape, 3), np.uint8))
    assert jpeg_size(data) == (shape[1], shape[0])
    assert decodable(data)


def test_a_small_picture_that_claims_to_be_huge() -> None:
    at = JPEG.index(b"\xff\xc0")
    bomb = JPEG[: at + 5] + b"\xff\xff\xff\xff" + JPEG[at + 9 :]
    assert jpeg_size(bomb) == (65535, 65535)
    assert not decodable(bomb)


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"\xff\xd8\xff", b"\xff\xd8\xff\xe0\x00\x00", b"GIF89a", bytes(99)])
def test_no_jpeg(data: bytes) -> None:
    assert not decodable(data)


@given(st.binary(max_size=400))
def test_any_jpeg_bytes(data: bytes) -> None:
    decodable(b"\xff\xd8" + data)


@given(st.lists(st.binary(max_size=50), max_size=10))
def test_after_anything_a_picture_comes_through(chunks: list[bytes]) -> None:
    parser = MjpegParser("edge")
    try:
        for chunk in chunks:
            parser.feed(chunk)
    except MjpegError:
        return
    assert JPEG in parser.feed(part() * 3 + b"--edge") or parser.buffered > 0


def test_what_opencv_says_too() -> None:
    picture = cv2.imdecode(np.frombuffer(JPEG, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (12, 20, 3)
