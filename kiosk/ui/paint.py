"""Pixels: text measured and rendered with caches, and antialiased shapes made once as stretchable textures."""

from __future__ import annotations

from collections import OrderedDict
from functools import lru_cache
from io import BytesIO

from kivy.core.text import DEFAULT_FONT
from kivy.core.text import Label as CoreLabel
from kivy.graphics.texture import Texture
from PIL import Image, ImageDraw, ImageFilter

from kiosk.ui import linebreak
from kiosk.ui.fonts import ICON_FONT

_SUPERSAMPLE = 4


@lru_cache(maxsize=64)
def _ruler(size: int, bold: bool) -> CoreLabel:
    label = CoreLabel(font_name=DEFAULT_FONT, font_size=size, bold=bold)
    label.resolve_font_name()
    return label


@lru_cache(maxsize=16384)
def width_of(text: str, size: int, bold: bool) -> float:
    """Width in pixels of one line in the real font."""
    return float(_ruler(size, bold).get_extents(text)[0])


def lines_of(text: str, width: float, size: int, bold: bool) -> list[str]:
    """`text` broken to `width` pixels; the last line is never a lonely character."""
    return linebreak.break_lines(text, width, lambda piece: width_of(piece, size, bold), orphan=size * 2.2)


class _Textures(OrderedDict[tuple, Texture]):
    """Rendered texts, least recently used out first."""

    limit = 300

    def fetch(self, key: tuple) -> Texture:
        if key in self:
            self.move_to_end(key)
            return self[key]
        text, size, bold, align, line_height, font = key
        label = CoreLabel(
            text=text,
            font_name=font,
            font_size=size,
            bold=bold,
            halign=align,
            line_height=line_height,
            color=(1, 1, 1, 1),
        )
        label.refresh()
        self[key] = label.texture
        if len(self) > self.limit:
            self.popitem(last=False)
        return label.texture


_textures = _Textures()


def text_texture(text: str, size: int, bold: bool, align: str = "left", line_height: float = 1.0) -> Texture:
    """White text, to be tinted by a Color."""
    return _textures.fetch((text, size, bold, align, line_height, DEFAULT_FONT))


def icon_texture(char: str, size: int) -> Texture:
    return _textures.fetch((char, size, False, "left", 1.0, str(ICON_FONT)))


def forget() -> None:
    """Drop every cached text: some of it was about a person."""
    _textures.clear()
    width_of.cache_clear()
    linebreak.forget()


def texture_from_image(image: Image.Image) -> Texture:
    """A PIL picture as a texture, right way up."""
    rgba = image.convert("RGBA")
    texture = Texture.create(size=rgba.size, colorfmt="rgba")
    texture.blit_buffer(rgba.tobytes(), colorfmt="rgba", bufferfmt="ubyte")
    texture.flip_vertical()
    return texture


def fitted_picture(png: bytes, width: float, height: float) -> Texture:
    """A PNG scaled (with care for small type) to fit `width` x `height` pixels."""
    image = Image.open(BytesIO(png))
    image = image.convert("RGB")
    factor = min(width / image.width, height / image.height)
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    return texture_from_image(image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0))


@lru_cache(maxsize=64)
def rounded(radius: int, stroke: int = 0) -> tuple[Texture, int]:
    """A rounded square as a nine-patch: texture and its border. `stroke` 0: filled, else an outline that wide."""
    side = 2 * radius + 2
    big = Image.new("L", (side * _SUPERSAMPLE, side * _SUPERSAMPLE), 0)
    draw = ImageDraw.Draw(big)
    end = side * _SUPERSAMPLE - 1
    draw.rounded_rectangle((0, 0, end, end), radius * _SUPERSAMPLE, fill=255)
    if stroke:
        inset = stroke * _SUPERSAMPLE
        draw.rounded_rectangle((inset, inset, end - inset, end - inset), max(0, radius - stroke) * _SUPERSAMPLE, fill=0)
    mask = big.resize((side, side), Image.Resampling.BOX)
    image = Image.new("RGBA", (side, side), (255, 255, 255, 0))
    image.putalpha(mask)
    return texture_from_image(image), radius


@lru_cache(maxsize=8)
def shadow(blur: int) -> tuple[Texture, int]:
    """The one elevation: a soft dark nine-patch, `blur` pixels wide on every side."""
    border = blur * 2
    side = border * 2 + 2
    mask = Image.new("L", (side, side), 0)
    ImageDraw.Draw(mask).rectangle((blur, blur, side - blur - 1, side - blur - 1), fill=255)
    image = Image.new("RGBA", (side, side), (16, 36, 58, 0))
    image.putalpha(mask.filter(ImageFilter.GaussianBlur(blur / 2)))
    return texture_from_image(image), border


@lru_cache(maxsize=4)
def oval_mask(width: int, height: int, inset: int, stroke: int, below: int) -> tuple[Texture, Texture]:
    """A veil with an oval window and the oval's ring, both white on clear: ``(veil, ring)``. `below`: pixels kept free
    under the oval."""
    scale = 2
    box = [inset * scale, inset * scale, (width - inset) * scale - 1, (height - inset - below) * scale - 1]
    ratio = 0.76  # a face is higher than wide
    oval_w = min(box[2] - box[0], (box[3] - box[1]) * ratio)
    middle = (box[0] + box[2]) / 2
    box[0], box[2] = round(middle - oval_w / 2), round(middle + oval_w / 2)

    def picture(mask: Image.Image) -> Texture:
        small = mask.resize((width, height), Image.Resampling.BOX)
        image = Image.new("RGBA", small.size, (255, 255, 255, 0))
        image.putalpha(small)
        return texture_from_image(image)

    veil = Image.new("L", (width * scale, height * scale), 255)
    ImageDraw.Draw(veil).ellipse(box, fill=0)
    ring = Image.new("L", (width * scale, height * scale), 0)
    ImageDraw.Draw(ring).ellipse(box, outline=255, width=stroke * scale)
    return picture(veil), picture(ring)


@lru_cache(maxsize=4)
def _qr_matrix(data: str) -> tuple[tuple[int, ...], ...]:
    import segno

    return tuple(tuple(row) for row in segno.make(data, error="m", micro=False).matrix)


def qr_texture(data: str) -> tuple[Texture, int]:
    """The QR code one pixel a module (draw it with nearest filtering) with 4 modules of quiet zone; its side."""
    matrix = _qr_matrix(data)
    _qr_matrix.cache_clear()
    side = len(matrix) + 8
    image = Image.new("RGB", (side, side), (255, 255, 255))
    for y, row in enumerate(matrix):
        for x, dark in enumerate(row):
            if dark:
                image.putpixel((x + 4, y + 4), (0, 0, 0))
    texture = texture_from_image(image)
    texture.min_filter = texture.mag_filter = "nearest"
    return texture, side
