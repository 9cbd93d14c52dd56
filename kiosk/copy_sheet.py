"""A4 sheets of what was laid under the camera. Blocking: call it in a thread."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

_DPI = 200
_A4_MM = (210, 297)
_MARGIN_MM = 8
_CARD_MM = 120  # wide: a card with what lies around it in the picture


def _px(mm: float) -> int:
    return round(mm / 25.4 * _DPI)


def sheets(pictures: list[bytes], layout: str, copies: int) -> bytes:
    """A PDF. `pictures`: JPEG, one a page; `layout` "card": two on one sheet, one below the other; else one a sheet,
    turned so that it fills it. `copies` of the whole. Raises OSError for bytes that are no picture."""
    opened = [Image.open(BytesIO(picture)).convert("L") for picture in pictures]
    if layout == "card":
        made = [_cards(opened[start : start + 2]) for start in range(0, len(opened), 2)]
    else:
        made = [_whole(picture) for picture in opened]
    pages = made * copies
    out = BytesIO()
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:], resolution=_DPI)
    return out.getvalue()


def _sheet() -> Image.Image:
    return Image.new("L", (_px(_A4_MM[0]), _px(_A4_MM[1])), 255)


def _whole(picture: Image.Image) -> Image.Image:
    if picture.width > picture.height:
        picture = picture.rotate(90, expand=True)
    sheet = _sheet()
    most = (sheet.width - 2 * _px(_MARGIN_MM), sheet.height - 2 * _px(_MARGIN_MM))
    fitted = _fitted(picture, *most)
    sheet.paste(fitted, ((sheet.width - fitted.width) // 2, (sheet.height - fitted.height) // 2))
    return sheet


def _cards(pictures: list[Image.Image]) -> Image.Image:
    sheet = _sheet()
    half = sheet.height // 2
    for number, picture in enumerate(pictures):
        fitted = _fitted(picture, _px(_CARD_MM), half - 2 * _px(_MARGIN_MM))
        top = number * half + (half - fitted.height) // 2
        sheet.paste(fitted, ((sheet.width - fitted.width) // 2, top))
    return sheet


def _fitted(picture: Image.Image, width: int, height: int) -> Image.Image:
    scale = min(width / picture.width, height / picture.height)
    return picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))))
