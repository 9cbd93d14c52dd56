"""The virtual reader's own photo codec: a colour portrait in the 1,024 bytes that an identity card's chip gives it.

A real chip stores the portrait in a closed format ("WLf…"), which only a licensed library opens. So that the way from
chip to face comparison is walked end to end without one, the virtual cards use this codec instead. It has a mark of
its own, so that neither is ever taken for the other:

    4 bytes "MKp1" | u16 length (big endian) | WebP, 80x98, colour | zeros up to 1,024 bytes

WebP, because faces stay comparable at this size; JPEG blurs them into each other.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

SIZE = 1024  # bytes, as on the chip
MAGIC = b"MKp1"
_HEADER = len(MAGIC) + 2
_STORED = (80, 98)  # pixels, width x height
_SHOWN = (102, 126)  # pixels, as a licensed decoder gives them
_RATIO = _SHOWN[0] / _SHOWN[1]


def encode_chip_photo(rgb: NDArray[np.uint8]) -> bytes:
    """A portrait (height x width x 3, RGB, any size) → exactly 1,024 bytes.

    A picture of another shape is cut to 102:126 around its centre. ValueError if even the lowest quality does not fit
    (noise; no photograph).
    """
    picture = _cut(Image.fromarray(rgb)).resize(_STORED, Image.Resampling.LANCZOS)
    best = b""
    low, high = 0, 100
    while low <= high:
        quality = (low + high) // 2
        webp = _webp(picture, quality)
        if len(webp) <= SIZE - _HEADER:
            best, low = webp, quality + 1
        else:
            high = quality - 1
    if not best:
        raise ValueError("this picture does not fit a chip photo")
    return (MAGIC + len(best).to_bytes(2, "big") + best).ljust(SIZE, b"\0")


class VirtualPhotoDecoder:
    """A `menkou.photo_decoders` entry point."""

    def decode(self, chip_photo: bytes) -> bytes | None:
        """PNG, 102x126, RGB; None if these bytes are not this codec's."""
        if len(chip_photo) != SIZE or not chip_photo.startswith(MAGIC):
            return None
        length = int.from_bytes(chip_photo[len(MAGIC) : _HEADER], "big")
        try:
            with Image.open(io.BytesIO(chip_photo[_HEADER : _HEADER + length]), formats=["WEBP"]) as stored:
                if stored.size != _STORED:
                    return None
                picture = stored.convert("RGB").resize(_SHOWN, Image.Resampling.LANCZOS)
        except (UnidentifiedImageError, OSError, ValueError):
            return None
        png = io.BytesIO()
        picture.save(png, "PNG")
        return png.getvalue()


def _cut(picture: Image.Image) -> Image.Image:
    width, height = picture.size
    wide, tall = min(width, round(height * _RATIO)), min(height, round(width / _RATIO))
    left, top = (width - wide) // 2, (height - tall) // 2
    return picture.crop((left, top, left + wide, top + tall))


def _webp(picture: Image.Image, quality: int) -> bytes:
    data = io.BytesIO()
    picture.save(data, "WEBP", quality=quality, method=6)
    return data.getvalue()
