"""CUPS' own reader of PWG Raster, for holding ours against: libcups comes with the IPP tools."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import struct
from pathlib import Path

HEADER_SIZE = 1796  # of cups_page_header2_t, in the machine's byte order
_READ = 0


def load() -> ctypes.CDLL | None:
    name = ctypes.util.find_library("cups")
    for candidate in (name, "libcups.so.2"):
        try:
            library = ctypes.CDLL(candidate) if candidate else None
        except OSError:
            continue
        if library is not None and hasattr(library, "cupsRasterReadHeader2"):
            library.cupsRasterOpen.restype = ctypes.c_void_p
            library.cupsRasterOpen.argtypes = [ctypes.c_int, ctypes.c_int]
            for function in (library.cupsRasterReadHeader2, library.cupsRasterReadPixels, library.cupsRasterClose):
                function.restype = ctypes.c_uint
            library.cupsRasterReadHeader2.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
            library.cupsRasterReadPixels.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_uint]
            library.cupsRasterClose.argtypes = [ctypes.c_void_p]
            return library
    return None


def read_pages(library: ctypes.CDLL, path: Path) -> list[tuple[dict[str, int | str], bytes]]:
    """Header fields and pixel octets of each page."""
    handle = os.open(path, os.O_RDONLY)
    raster = library.cupsRasterOpen(handle, _READ)
    assert raster, "libcups does not take it for a raster file"
    pages = []
    try:
        header = ctypes.create_string_buffer(HEADER_SIZE)
        while library.cupsRasterReadHeader2(raster, header):
            fields = _fields(header.raw)
            size = int(fields["height"]) * int(fields["bytes_per_line"])
            pixels = b""
            line = ctypes.create_string_buffer(int(fields["bytes_per_line"]))
            while len(pixels) < size:
                assert library.cupsRasterReadPixels(raster, line, len(line)) == len(line), "ends within a page"
                pixels += line.raw
            pages.append((fields, pixels))
    finally:
        library.cupsRasterClose(raster)
        os.close(handle)
    return pages


def _fields(header: bytes) -> dict[str, int | str]:
    def number(at: int) -> int:
        value: int = struct.unpack_from("=I", header, at)[0]
        return value

    def text(at: int) -> str:
        return header[at : at + 64].split(b"\0")[0].decode()

    return {
        "class": text(0),
        "dpi": number(276),
        "page_width": number(352),
        "page_height": number(356),
        "width": number(372),
        "height": number(376),
        "bits_per_color": number(384),
        "bits_per_pixel": number(388),
        "bytes_per_line": number(392),
        "color_space": number(400),
        "colors": number(420),
        "pages": number(452),
        "size_name": text(1732),
    }
