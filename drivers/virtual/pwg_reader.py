"""What a printer does with PWG Raster: back to pictures. Written from PWG 5102.4, not with the driver's encoder."""

from __future__ import annotations

import io
import struct

from PIL import Image

SYNC = b"RaS2"
HEADER_SIZE = 1796
# colour space and bits a pixel → Pillow's mode, octets a unit of the packing
_MODES = {(3, 1): ("1", 1), (18, 8): ("L", 1), (19, 24): ("RGB", 3)}


class NotPwgRasterError(ValueError):
    """The bytes are no PWG Raster this printer knows."""


def count_pages(document: bytes) -> int:
    """Pages there are; walks through all of them."""
    return len(_pages(document, limit=None))


def read_page(document: bytes, number: int = 0) -> Image.Image:
    """One page as a picture. Raises NotPwgRasterError."""
    pages = _pages(document, limit=number + 1)
    if len(pages) <= number:
        raise NotPwgRasterError("no such page")
    return pages[number]


def page_png(document: bytes, number: int = 0) -> bytes:
    file = io.BytesIO()
    read_page(document, number).save(file, "PNG")
    return file.getvalue()


def _pages(document: bytes, limit: int | None) -> list[Image.Image]:
    if document[:4] != SYNC:
        raise NotPwgRasterError("no RaS2 at the beginning")
    at = 4
    found: list[Image.Image] = []
    while at < len(document) and (limit is None or len(found) < limit):
        image, at = _page(document, at)
        found.append(image)
    return found


def _page(document: bytes, at: int) -> tuple[Image.Image, int]:
    header = document[at : at + HEADER_SIZE]
    if len(header) < HEADER_SIZE or not header.startswith(b"PwgRaster\0"):
        raise NotPwgRasterError("no page header")
    width, height, bits, line_size, space = (
        struct.unpack_from(">I", header, place)[0] for place in (372, 376, 388, 392, 400)
    )
    if (space, bits) not in _MODES or line_size != (width * bits + 7) // 8 or not 0 < height < 20_000:
        raise NotPwgRasterError("a kind of page this printer does not know")
    mode, unit = _MODES[space, bits]
    at += HEADER_SIZE
    lines = bytearray()
    while len(lines) < height * line_size:
        if at >= len(document):
            raise NotPwgRasterError("ends within a page")
        repeat = document[at] + 1
        line, at = _line(document, at + 1, line_size, unit)
        lines += line * repeat
    if len(lines) != height * line_size:
        raise NotPwgRasterError("more lines than the page has")
    data = bytes(octet ^ 0xFF for octet in lines) if mode == "1" else bytes(lines)  # black_1: a set bit is ink
    return Image.frombytes(mode, (width, height), data), at


def _line(document: bytes, at: int, size: int, unit: int) -> tuple[bytes, int]:
    line = bytearray()
    while len(line) < size:
        if at >= len(document):
            raise NotPwgRasterError("ends within a line")
        code = document[at]
        at += 1
        if code < 128:
            line += document[at : at + unit] * (code + 1)
            at += unit
        elif code > 128:
            count = (257 - code) * unit
            line += document[at : at + count]
            at += count
        else:
            raise NotPwgRasterError("code 128")
    if len(line) != size:
        raise NotPwgRasterError("a line of the wrong length")
    return bytes(line), at
