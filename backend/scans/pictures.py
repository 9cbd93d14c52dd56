"""Whether bytes are a picture we keep: PNG or JPEG, whole, and never larger unpacked than its size says.

Nothing is decoded into memory. A PNG is unpacked piece by piece and thrown away, to see that it ends where it should;
of a JPEG the frame is read and the scans are counted, since its data cannot grow beyond the frame.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

MAX_BYTES = 10 << 20
MAX_SIDE = 12_000  # pixels
MAX_PIXELS = 40_000_000  # A4 at 600 dpi is 35
_MAX_RAW = 160_000_000  # bytes of a PNG, unpacked
_MAX_JPEG_SCANS = 32
_MAX_CHUNKS = 8192  # of a PNG; even pieces of 2 KiB make fewer of the largest picture
_MAX_STEPS = 10_000  # of a JPEG's segments and padding, before its data
_PIECE = 1 << 16

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_FRAMES = (0xC0, 0xC1, 0xC2)  # baseline, extended, progressive
_BARE = {0x01, *range(0xD0, 0xD8)}  # markers without a length


@dataclass(frozen=True)
class Picture:
    media_type: str
    width: int
    height: int


class NoPicture(Exception):
    """The message says what is wrong with it, for the log."""


def look_at(data: bytes) -> Picture:
    """Takes up to a second: not in the event loop. Raises NoPicture."""
    if len(data) > MAX_BYTES:
        raise NoPicture("too many bytes")
    if data.startswith(_PNG):
        return _png(data)
    if data.startswith(_JPEG):
        return _jpeg(data)
    raise NoPicture("neither PNG nor JPEG")


def _png(data: bytes) -> Picture:
    chunks = _chunks(data)
    kind, header = next(chunks, (b"", b""))
    if kind != b"IHDR" or len(header) != 13:
        raise NoPicture("no header")
    width, height, depth, colour, compression, filtering, interlace = struct.unpack(">IIBBBBB", header)
    _check_size(width, height)
    if depth not in _DEPTHS.get(colour, ()) or compression or filtering or interlace:
        raise NoPicture("a kind of PNG that is not taken")
    expected = height * (1 + (width * _SAMPLES[colour] * depth + 7) // 8)
    if expected > _MAX_RAW:
        raise NoPicture("too large")
    unpacker = zlib.decompressobj()
    size = 0
    kind = b""
    for kind, content in chunks:
        if kind == b"IDAT":
            size += _unpacked(unpacker, content, expected - size)
    if kind != b"IEND" or not unpacker.eof or size != expected:
        raise NoPicture("incomplete")
    return Picture("image/png", width, height)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at, chunks = len(_PNG), 0
    while at < len(data):
        chunks += 1
        if chunks > _MAX_CHUNKS:
            raise NoPicture("too many chunks")
        if at + 12 > len(data):
            raise NoPicture("cut off")
        length = int.from_bytes(data[at : at + 4], "big")
        end = at + 12 + length
        if end > len(data):
            raise NoPicture("cut off")
        if zlib.crc32(data[at + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
            raise NoPicture("damaged")
        yield data[at + 4 : at + 8], data[at + 8 : end - 4]
        at = end


def _unpacked(unpacker: zlib._Decompress, content: bytes, most: int) -> int:
    size = 0
    try:
        while content and not unpacker.eof:
            size += len(unpacker.decompress(content, _PIECE))
            content = unpacker.unconsumed_tail
            if size > most:
                raise NoPicture("larger than its size says")
        while not unpacker.eof and (piece := unpacker.decompress(b"", _PIECE)):
            size += len(piece)
    except zlib.error:
        raise NoPicture("damaged") from None
    if size > most:
        raise NoPicture("larger than its size says")
    return size


def _jpeg(data: bytes) -> Picture:
    if not data.endswith(b"\xff\xd9"):
        raise NoPicture("cut off")
    if data.count(b"\xff\xda") > _MAX_JPEG_SCANS:
        raise NoPicture("too many scans")
    size: tuple[int, int] | None = None
    at, steps = 2, 0
    while at + 4 <= len(data):
        steps += 1
        if steps > _MAX_STEPS:
            raise NoPicture("too many segments")
        if data[at] != 0xFF:
            raise NoPicture("damaged")
        marker = data[at + 1]
        if marker == 0xFF:  # padding
            at += 1
            continue
        if marker in _BARE:
            at += 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if length < 2 or at + 2 + length > len(data):
            raise NoPicture("damaged")
        if marker in _FRAMES:
            if length < 8 or size is not None:
                raise NoPicture("damaged")
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            size = (width, height)
        elif marker == 0xDA:  # the data begin
            break
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            raise NoPicture("a kind of JPEG that is not taken")
        at += 2 + length
    else:
        raise NoPicture("no data")
    if size is None:
        raise NoPicture("no frame")
    _check_size(*size)
    return Picture("image/jpeg", *size)


def _check_size(width: int, height: int) -> None:
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE and width * height <= MAX_PIXELS):
        raise NoPicture("too large, or empty")
