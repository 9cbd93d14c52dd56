"""In which form a printer takes a document. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence

from drivers.document_printer.ipp_values import Group, Resolution
from drivers.document_printer.pwg_raster import PixelType, RasterFormat

PDF = "application/pdf"
PWG_RASTER = "image/pwg-raster"
GOOD_DPI = 300  # small print and QR codes come out; more costs time and shows nothing
MAX_DPI = 600
DOTS_PER_INCH, DOTS_PER_CM = 3, 4


def read_raster(group: Group) -> RasterFormat | None:
    """How to draw pages for this printer; None where it takes no PWG Raster we can make."""
    if PWG_RASTER not in group.strings("document-format-supported"):
        return None
    attribute = group.get("pwg-raster-document-resolution-supported")
    offered = [value for value in attribute.values if isinstance(value, Resolution)] if attribute else []
    dpi = _best_dpi(offered)
    pixel = _best_pixel(group.strings("pwg-raster-document-type-supported"), group.boolean("color-supported") is True)
    return RasterFormat(dpi, pixel) if dpi is not None and pixel is not None else None


def _best_dpi(offered: Sequence[Resolution]) -> int | None:
    """The coarsest that is good enough, or the finest there is."""
    squares = sorted(
        {
            round(each.feed * 2.54) if each.unit == DOTS_PER_CM else each.feed
            for each in offered
            if each.feed == each.cross_feed and each.unit in (DOTS_PER_INCH, DOTS_PER_CM)
        }
    )
    fitting = [dpi for dpi in squares if 72 <= dpi <= MAX_DPI]
    return next((dpi for dpi in fitting if dpi >= GOOD_DPI), fitting[-1] if fitting else None)


def _best_pixel(offered: Sequence[str], color: bool) -> PixelType | None:
    """A seal is red: colour where the printer has it, else greys, else dithered black."""
    wanted = (PixelType.SRGB_8, PixelType.SGRAY_8) if color else (PixelType.SGRAY_8, PixelType.BLACK_1)
    return next((pixel for pixel in (*wanted, PixelType.BLACK_1, PixelType.SRGB_8) if pixel.value in offered), None)
