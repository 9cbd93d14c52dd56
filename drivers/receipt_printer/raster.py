"""Rows and QR codes as dots, for what the printer's own font or firmware lacks."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import segno
from PIL import Image, ImageDraw, ImageFont

from drivers.receipt_printer.layout import Align, Row, char_columns, text_columns
from drivers.status import DeviceError

CELL = 12  # dots a column
HEIGHT = 24  # dots a character
LEADING = 6  # dots between lines, as the default line spacing of 30 dots has
_FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/noto/NotoSansCJK-Regular.ttc",
)
# DLE followed by one of these is a real-time command, which some models obey even inside image data.
_REAL_TIME = (0x04, 0x05, 0x14)


def font_path() -> Path:
    """The CJK face to draw with: `MENKOU_FONT`, or where distributions put Noto Sans CJK. DeviceError without any."""
    chosen = os.environ.get("MENKOU_FONT")
    for candidate in (chosen,) if chosen else _FONTS:
        if Path(candidate).is_file():
            return Path(candidate)
    raise DeviceError("no CJK font found; install Noto Sans CJK or set MENKOU_FONT")


@cache
def load_font(path: Path, size: int) -> ImageFont.FreeTypeFont:
    """The face for simplified Chinese of a collection, or the only face of a plain font file."""
    for index in range(16):
        try:
            font = ImageFont.truetype(path, size, index=index)
        except OSError:
            break
        if (font.getname()[0] or "").endswith(" SC"):
            return font
    return ImageFont.truetype(path, size)


def draw_row(row: Row, columns: int) -> Image.Image:
    """The row on the printer's own grid, black on white, mode "1"; as wide as the paper."""
    scale = row.scale
    image = Image.new("L", (columns * CELL, (HEIGHT + LEADING) * scale), 255)
    draw = ImageDraw.Draw(image)
    font = load_font(font_path(), HEIGHT * scale)
    spare = columns * CELL - text_columns(row.text) * CELL * scale
    x = {Align.LEFT: 0, Align.CENTER: spare // 2, Align.RIGHT: spare}[row.align]
    baseline = (HEIGHT - 3) * scale
    for char in row.text:
        cell = char_columns(char) * CELL * scale
        centre = x + cell / 2
        for shift in (0, 1) if row.bold else (0,):
            draw.text((centre + shift, baseline), char, fill=0, font=font, anchor="ms")
        x += cell
    # The head knows no grey. Drawn smooth and cut off at a light grey, thin strokes keep their weight.
    return image.point(lambda level: 255 if level > 160 else 0).convert("1", dither=Image.Dither.NONE)


def draw_qr(data: str, module: int, dots: int) -> Image.Image:
    """The code in the middle of the paper, with its quiet zone."""
    matrix = segno.make_qr(data, error="m", boost_error=False).matrix
    side = (len(matrix) + 8) * module
    image = Image.new("1", (dots, side), 1)
    draw = ImageDraw.Draw(image)
    left = (dots - side) // 2
    for y, line in enumerate(matrix, start=4):
        for x, dark in enumerate(line, start=4):
            if dark:
                corner = (left + x * module, y * module)
                draw.rectangle((*corner, corner[0] + module - 1, corner[1] + module - 1), fill=0)
    return image


def qr_module(data: str, dots: int, wanted: int = 6) -> int:
    """The module size in dots, `wanted` or less, with which the code and its quiet zone fit the paper."""
    modules = len(segno.make_qr(data, error="m", boost_error=False).matrix) + 8
    return max(1, min(wanted, dots // modules))


def raster_command(image: Image.Image) -> bytes:
    """GS v 0 for a mode "1" image whose width is a multiple of 8, free of real-time command codes."""
    width, height = image.size[0] // 8, image.size[1]
    header = b"\x1d\x76\x30\x00" + width.to_bytes(2, "little") + height.to_bytes(2, "little")
    dots = bytearray(byte ^ 0xFF for byte in image.tobytes())  # PIL: 1 is white; the head: 1 is black
    for i in range(len(dots) - 1):
        if dots[i] == 0x10 and dots[i + 1] in _REAL_TIME:
            dots[i] = 0x18  # one dot more, beside a black one: nobody sees it
    return header + bytes(dots)
