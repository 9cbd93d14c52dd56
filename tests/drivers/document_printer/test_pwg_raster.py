"""Our page pictures, read back by CUPS and by the simulated printer, and compared with the document's own picture."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from drivers.document_printer.pwg_raster import SYNC, PixelType, RasterFormat, encode_lines, page_header
from drivers.document_printer.rasterise import RasteriseError, draw, rasterise
from drivers.document_printer.trial_page import build_test_page
from drivers.virtual.pwg_reader import NotPwgRasterError, _line, count_pages, read_page

from . import libcups

CUPS = libcups.load()
PAGE = build_test_page("Page (one) \\ with brackets")
SMALL = {pixel: RasterFormat(50, pixel) for pixel in PixelType}
needs_cups = pytest.mark.skipif(CUPS is None, reason="libcups is not installed")


def picture(pdf: bytes, dpi: int, mode: str = "L") -> Image.Image:
    page = pypdfium2.PdfDocument(pdf)[0]
    image: Image.Image = page.render(scale=dpi / 72).to_pil()
    return image.convert(mode)


def difference(one: Image.Image, other: Image.Image) -> float:
    """The mean difference of the grey levels where both have something."""
    width, height = min(one.width, other.width), min(one.height, other.height)
    a, b = (np.asarray(image.convert("L").crop((0, 0, width, height)), int) for image in (one, other))
    return float(np.abs(a - b).mean())


def test_packing_byte_for_byte() -> None:
    """By hand from PWG 5102.4 §5.2: two equal lines of three whites and two different pixels, then a black line."""
    lines = np.array([[255, 255, 255, 1, 2], [255, 255, 255, 1, 2], [0, 0, 0, 0, 0]], np.uint8)
    assert encode_lines(lines, PixelType.SGRAY_8) == bytes.fromhex("01 02ff ff0102 00 0400")
    colour = np.array([[9, 8, 7, 9, 8, 7, 1, 1, 1]], np.uint8)
    assert encode_lines(colour, PixelType.SRGB_8) == bytes.fromhex("00 01090807 00010101")


def test_header_byte_for_byte() -> None:
    header = page_header(RasterFormat(300, PixelType.SGRAY_8), 2)
    assert len(header) == 1796
    assert header.startswith(b"PwgRaster\0")
    assert header[276:284].hex() == "0000012c0000012c"
    assert header[372:380].hex() == "000009b000000db4"  # 2480 x 3508
    assert header[384:396].hex() == "0000000800000008000009b0"
    assert header[400:404].hex() == "00000012"
    assert header[452:456].hex() == "00000002"
    assert header[1732:1749] == b"iso_a4_210x297mm\0"


def test_long_runs_and_many_equal_lines() -> None:
    lines = np.zeros((700, 300), np.uint8)
    packed = encode_lines(lines, PixelType.SGRAY_8)
    line = bytes.fromhex("7f00 7f00 2b00")
    assert packed == b"\xff" + line + b"\xff" + line + bytes([700 - 512 - 1]) + line


@given(st.lists(st.integers(0, 3), min_size=1, max_size=400), st.sampled_from([1, 3]))
def test_any_line_comes_back(values: list[int], unit: int) -> None:
    pixels = np.repeat(np.array(values, np.uint8), unit).reshape(1, -1)
    packed = encode_lines(pixels, PixelType.SRGB_8 if unit == 3 else PixelType.SGRAY_8)
    assert _line(packed, 1, pixels.size, unit) == (pixels.tobytes(), len(packed))


@needs_cups
@pytest.mark.parametrize("pixel", list(PixelType))
def test_cups_reads_what_we_write(tmp_path: Path, pixel: PixelType) -> None:
    form = RasterFormat(100, pixel)
    path = tmp_path / "page.pwg"
    path.write_bytes(draw(PAGE, form))
    assert CUPS is not None
    [(fields, octets)] = libcups.read_pages(CUPS, path)
    assert (fields["class"], fields["size_name"], fields["pages"]) == ("PwgRaster", "iso_a4_210x297mm", 1)
    assert (fields["width"], fields["height"]) == form.size
    assert (fields["dpi"], fields["page_width"], fields["page_height"]) == (100, 595, 842)
    assert fields["bits_per_pixel"] == {"black_1": 1, "sgray_8": 8, "srgb_8": 24}[pixel.value]
    # libcups turns the dots of both black_1 and the simulated printer's "1" the same way round.
    mode = {"black_1": "1;I", "sgray_8": "L", "srgb_8": "RGB"}[pixel.value]
    image = Image.frombytes("1" if mode == "1;I" else mode, form.size, octets, "raw", mode)
    assert difference(image, read_page(path.read_bytes())) == 0
    assert difference(image, picture(PAGE, 100)) < (9 if pixel is PixelType.BLACK_1 else 1.5)


@pytest.mark.parametrize("pixel", list(PixelType))
def test_simulated_printer_shows_the_page(pixel: PixelType) -> None:
    seen = read_page(draw(PAGE, SMALL[pixel]))
    assert seen.size == (413, 585)
    assert difference(seen, picture(PAGE, 50)) < (20 if pixel is PixelType.BLACK_1 else 1.5)
    assert difference(seen, Image.new("L", seen.size, 255)) > 5


async def test_in_a_process_of_its_own() -> None:
    raster = await rasterise(PAGE, SMALL[PixelType.SGRAY_8])
    assert raster == draw(PAGE, SMALL[PixelType.SGRAY_8])
    assert count_pages(raster) == 1


async def test_all_pages_are_there_and_small_ones_are_not_blown_up() -> None:
    document = pypdfium2.PdfDocument.new()
    for size in ((595, 842), (200, 300), (900, 900)):
        document.new_page(*size)
    file = io.BytesIO()
    document.save(file)
    raster = await rasterise(file.getvalue(), SMALL[PixelType.SGRAY_8])
    assert count_pages(raster) == 3
    assert {read_page(raster, number).size for number in range(3)} == {(413, 585)}


@pytest.mark.parametrize("document", [b"", b"%PDF-1.4 nothing", b"\x00" * 100])
async def test_no_document_is_said(document: bytes) -> None:
    with pytest.raises(RasteriseError):
        await rasterise(document, SMALL[PixelType.SGRAY_8])


async def test_drawing_that_takes_too_long_is_ended() -> None:
    with pytest.raises(RasteriseError, match="too long"):
        await rasterise(PAGE, RasterFormat(600, PixelType.SRGB_8), patience_s=0.05)


async def test_cancelling_leaves_no_process() -> None:
    before = _children()
    task = asyncio.create_task(rasterise(PAGE, RasterFormat(600, PixelType.SRGB_8)))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert _children() <= before


def _children() -> set[str]:
    listed: set[str] = set()
    for path in Path("/proc/self/task").glob("*/children"):
        listed |= set(path.read_text().split())
    return listed


@given(st.binary(max_size=300))
@settings(max_examples=200)
def test_printer_survives_any_bytes(data: bytes) -> None:
    header = page_header(RasterFormat(10, PixelType.SGRAY_8), 1)
    for document in (data, SYNC + data, SYNC + header + data):
        try:
            read_page(document)
        except NotPwgRasterError:
            continue


def test_test_page_has_ink_where_it_should() -> None:
    page: NDArray[np.uint8] = np.asarray(picture(PAGE, 72))
    assert (page[842 - 800 : 842 - 765, 40:130] < 128).mean() > 0.1, "测试页"
    assert (page[842 - 700 : 842 - 690, 42:550] < 200).mean() > 0.05, "the ruler"
    greys = [int(page[842 - 625, round((15 + 8 + step * 16) * 72 / 25.4)]) for step in range(11)]
    assert greys == sorted(greys)
    assert (greys[0], greys[-1]) == (0, 255)
