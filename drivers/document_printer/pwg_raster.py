"""PWG Raster, PWG 5102.4: the page pictures every IPP Everywhere printer takes. Encoder only, without I/O.

A file is "RaS2", then for each page a header of 1796 octets (big-endian, at the places CUPS' own page header has) and
its lines: equal lines are counted, and within a line equal pixels, as PackBits does.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

SYNC = b"RaS2"
HEADER_SIZE = 1796
A4_MM = (210.0, 297.0)
A4_POINTS = (595, 842)
A4_NAME = "iso_a4_210x297mm"
MAX_REPEAT = 256  # lines one count byte holds
MAX_RUN = 128  # pixels one code byte holds


class PixelType(StrEnum):
    """pwg-raster-document-type-supported, as far as we make them."""

    SRGB_8 = "srgb_8"
    SGRAY_8 = "sgray_8"
    BLACK_1 = "black_1"


@dataclass(frozen=True)
class _Layout:
    bits_per_color: int
    bits_per_pixel: int
    color_space: int  # PWG 5102.4 table: 3 black, 18 sGray, 19 sRGB
    colors: int


_LAYOUTS = {
    PixelType.BLACK_1: _Layout(1, 1, 3, 1),
    PixelType.SGRAY_8: _Layout(8, 8, 18, 1),
    PixelType.SRGB_8: _Layout(8, 24, 19, 3),
}


@dataclass(frozen=True)
class RasterFormat:
    """How a page is to be drawn: dots an inch in both directions, and what a dot is."""

    dpi: int
    pixel: PixelType

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of an A4 page in dots."""
        return round(A4_MM[0] / 25.4 * self.dpi), round(A4_MM[1] / 25.4 * self.dpi)


def page_header(form: RasterFormat, pages: int) -> bytes:
    """The header of one A4 page, one-sided, of a document with so many pages (0: not known)."""
    layout = _LAYOUTS[form.pixel]
    width, height = form.size
    header = bytearray(HEADER_SIZE)

    def text(at: int, value: str) -> None:
        header[at : at + len(value)] = value.encode("ascii")

    def numbers(at: int, *values: int) -> None:
        struct.pack_into(f">{len(values)}I", header, at, *values)

    text(0, "PwgRaster")
    numbers(276, form.dpi, form.dpi)  # HWResolution
    numbers(340, 1)  # NumCopies
    numbers(352, *A4_POINTS)  # PageSize
    numbers(372, width, height)
    numbers(384, layout.bits_per_color, layout.bits_per_pixel)
    numbers(392, (width * layout.bits_per_pixel + 7) // 8)  # BytesPerLine
    numbers(400, layout.color_space)
    numbers(420, layout.colors)
    numbers(452, pages, 1, 1)  # TotalPageCount, CrossFeedTransform, FeedTransform
    numbers(464, 0, 0, width, height)  # ImageBox: all of it
    text(1732, A4_NAME)
    return bytes(header)


def encode_lines(lines: NDArray[np.uint8], pixel: PixelType) -> bytes:
    """The lines of a page, an array of height x octets a line, packed."""
    width = 3 if pixel is PixelType.SRGB_8 else 1  # octets that are repeated together
    changes = np.flatnonzero(np.any(lines[1:] != lines[:-1], axis=1)) + 1
    packed: list[bytes] = []
    for start, end in zip([0, *changes.tolist()], [*changes.tolist(), len(lines)], strict=True):
        line = _pack_line(lines[start].reshape(-1, width))
        count = end - start
        while count > 0:
            repeat = min(count, MAX_REPEAT)
            packed += (bytes((repeat - 1,)), line)
            count -= repeat
    return b"".join(packed)


def _pack_line(pixels: NDArray[np.uint8]) -> bytes:
    """Code 0 to 127: the next pixel, that often and once more. 129 to 255: as many pixels as 257 exceeds the code."""
    edges = np.flatnonzero(np.any(pixels[1:] != pixels[:-1], axis=1)) + 1
    starts = [0, *edges.tolist()]
    ends = [*edges.tolist(), len(pixels)]
    data = pixels.tobytes()
    size = pixels.shape[1]
    out = bytearray()
    single_from = -1  # where a row of pixels that differ from their neighbours began

    def flush(until: int) -> None:
        nonlocal single_from
        at = single_from
        while 0 <= at < until:
            count = min(until - at, MAX_RUN)
            out.append(0 if count == 1 else 257 - count)
            out.extend(data[at * size : (at + count) * size])
            at += count
        single_from = -1

    for start, end in zip(starts, ends, strict=True):
        if end - start == 1:
            if single_from < 0:
                single_from = start
            continue
        flush(start)
        pixel = data[start * size : (start + 1) * size]
        count = end - start
        while count > 0:
            run = min(count, MAX_RUN)
            out.append(run - 1)
            out += pixel
            count -= run
    flush(len(pixels))
    return bytes(out)
