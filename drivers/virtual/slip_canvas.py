"""Paper for the virtual receipt printer: draws what the head would burn, 576 dots across an 80 mm roll."""

from __future__ import annotations

import io
import os
import unicodedata
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import segno
from PIL import Image, ImageDraw, ImageFont

DOTS = 576
MARGIN = 32  # dots of paper beside the printable width: 640 dots are 80 mm at 203 dpi
LINE = 30  # dots of a line feed
PAPER, INK = (252, 251, 246), (38, 38, 44)
_CJK = (
    os.environ.get("MENKOU_FONT", ""),
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
)
_LATIN = ("/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf", "/usr/share/fonts/TTF/DejaVuSansMono.ttf")


@dataclass(frozen=True)
class Slip:
    """A finished slip: the bytes it came from, its picture, and its text line by line ("[QR …]", "[image …]")."""

    raw: bytes
    png: bytes
    text: str


@dataclass(frozen=True)
class Style:
    bold: bool = False
    width: int = 1
    height: int = 1


@cache
def _font(wide: bool, size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    for path in (p for p in (_CJK if wide else (*_LATIN, *_CJK)) if p and Path(p).is_file()):
        faces = [i for i in range(10) if _family(path, i).endswith("Mono CJK SC")]
        return ImageFont.truetype(path, size if wide else size * 5 // 6, index=faces[0] if faces else 0)
    return ImageFont.load_default(size)


@cache
def _family(path: str, index: int) -> str:
    try:
        return ImageFont.truetype(path, 12, index=index).getname()[0] or ""
    except OSError:
        return ""


class SlipCanvas:
    """Takes printing line by line; `finish` gives the picture."""

    def __init__(self) -> None:
        self._strips: list[Image.Image] = []
        self._lines: list[str] = []
        self._current: list[tuple[str, Style]] = []
        self.style = Style()
        self.align = 0  # 0 left, 1 centre, 2 right

    @property
    def blank(self) -> bool:
        return not self._strips and not self._current

    def reset(self) -> None:
        """ESC @: style and the line begun."""
        self._current = []
        self.style = Style()
        self.align = 0

    def restyle(self, **changes: int | bool) -> None:
        self.style = replace(self.style, **changes)  # type: ignore[arg-type]

    def write(self, text: str) -> None:
        self._current.append((text, self.style))

    def feed(self, dots: int = LINE) -> None:
        """End the line begun, if any, or feed white paper."""
        if not self._current:
            self._strips.append(Image.new("L", (DOTS, dots), 255))
            self._lines.append("")
            return
        cells = [(char, style) for text, style in self._current for char in text]
        self._current = []
        self._lines.append("".join(char for char, _ in cells).rstrip())
        used = sum(_cell(char) * style.width for char, style in cells)
        tall = max(style.height for _, style in cells)
        strip = Image.new("L", (max(DOTS, used), 24 * tall + (dots - 24)), 255)
        x = (0, (DOTS - used) // 2, DOTS - used)[self.align] if used <= DOTS else 0
        for char, style in cells:
            glyph = _glyph(char, style)
            strip.paste(glyph, (x, 24 * (tall - style.height)))
            x += glyph.width
        self._strips.append(strip.crop((0, 0, DOTS, strip.height)))  # what does not fit falls off the paper

    def qr(self, data: str, module: int, error: str) -> None:
        matrix = segno.make_qr(data, error=error, boost_error=False).matrix
        code = Image.new("L", (len(matrix), len(matrix)), 255)
        code.putdata([0 if dark else 255 for line in matrix for dark in line])
        self._place(code.resize((len(matrix) * module,) * 2, Image.Resampling.NEAREST))
        self._lines.append(f"[QR {data}]")

    def raster(self, width: int, height: int, dots: bytes) -> None:
        """`width` in bytes; a set bit is black."""
        image = Image.frombytes("1", (width * 8, height), bytes(b ^ 0xFF for b in dots)).convert("L")
        self._place(image)
        self._lines.append(f"[image {width * 8}x{height}]")

    def finish(self, raw: bytes) -> Slip:
        """Cut: the slip, and an empty canvas in the same style."""
        if self._current:
            self.feed()
        height = max(sum(strip.height for strip in self._strips), LINE) + 2 * LINE
        heat = Image.new("L", (DOTS + 2 * MARGIN, height), 255)
        y = LINE
        for strip in self._strips:
            heat.paste(strip, (MARGIN, y))
            y += strip.height
        paper = Image.new("RGB", heat.size, PAPER)
        paper.paste(INK, mask=heat.point(lambda level: 255 - level))
        _serrate(paper)
        file = io.BytesIO()
        paper.save(file, "PNG")
        slip = Slip(raw, file.getvalue(), "\n".join(self._lines).strip("\n"))
        self._strips, self._lines = [], []
        return slip

    def _place(self, image: Image.Image) -> None:
        strip = Image.new("L", (DOTS, image.height), 255)
        spare = max(0, DOTS - image.width)
        strip.paste(image, ((0, spare // 2, spare)[self.align], 0))
        self._strips.append(strip)


def _cell(char: str) -> int:
    return 12 if char.isascii() else 24


def _glyph(char: str, style: Style) -> Image.Image:
    """One character in its cell, stretched as the printer stretches its font."""
    wide = _cell(char)
    scale = max(style.width, style.height)
    image = Image.new("L", (wide * scale, 24 * scale), 255)
    draw = ImageDraw.Draw(image)
    font = _font(wide == 24 or unicodedata.east_asian_width(char) in "WF", 24 * scale)
    for shift in (0, 1) if style.bold else (0,):
        draw.text((image.width / 2 + shift, 20 * scale), char, fill=0, font=font, anchor="ms")
    return image.resize((wide * style.width, 24 * style.height))


def _serrate(paper: Image.Image) -> None:
    """The cutter's teeth along both ends."""
    draw = ImageDraw.Draw(paper)
    for x in range(0, paper.width, 8):
        draw.polygon([(x, 0), (x + 8, 0), (x + 4, 4)], fill=(225, 224, 219))
        bottom = paper.height - 1
        draw.polygon([(x, bottom), (x + 8, bottom), (x + 4, bottom - 4)], fill=(225, 224, 219))
