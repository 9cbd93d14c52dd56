"""Whatever a network camera sends."""

from __future__ import annotations

from drivers.camera.mjpeg_parser import MOST_HEADER, MOST_PART, MjpegError, MjpegParser, decodable, jpeg_size

_JPEG = bytes.fromhex("FFD8FFE000104A46494600010100000100010000FFC0001108000C001403012200021101031101FFDA0000FFD9")


def _part(head: bytes, body: bytes = _JPEG) -> bytes:
    return b"--edge\r\n" + head + b"\r\n" + body + b"\r\n"


SEEDS: tuple[bytes, ...] = (
    b"\x05" + _part(b"Content-Type: image/jpeg\r\nContent-Length: %d\r\n" % len(_JPEG)) * 2,
    b"\x40" + _part(b"Content-Type: image/jpeg\r\n") * 2 + b"--edge--\r\n",
    b"\x01" + _part(b"content-length :3\r\n") + _part(b"Content-Length: 99999999\r\n"),
    b"\x10" + b"garbage--edg--edge\n\nX" + _JPEG + b"--edge",
    b"\x02" + _JPEG[:30] + b"\xff" * 20,
)


def one_input(data: bytes) -> None:
    parser = MjpegParser("edge")
    step = 1 + (data[0] if data else 0) % 64
    try:
        for at in range(1, len(data), step):
            for part in parser.feed(data[at : at + step]):
                assert 0 < len(part) <= MOST_PART
                decodable(part)
            assert parser.buffered <= max(MOST_PART, MOST_HEADER) + step
    except MjpegError:
        pass
    size = jpeg_size(b"\xff\xd8" + data)
    assert size is None or all(0 <= side <= 0xFFFF for side in size)
    parser.wipe()
    assert parser.buffered == 0
