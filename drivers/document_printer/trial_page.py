"""The technician's test page as a PDF made by hand: 测试页, a ruler, a scale of greys, hair lines, a frame."""

from __future__ import annotations

import zlib

from PIL import Image, ImageDraw, ImageFont

MM = 72 / 25.4
GREYS = 11
HAN = "测试页"
HAN_SIZE = 96  # dots a character
_FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
)


def build_test_page(title: str) -> bytes:
    """One A4 page. `title`: one English line; what is not printable ASCII is left out. 测试页 is drawn as a picture,
    and missing where the machine has no Chinese font."""
    return _pdf(_drawing("".join(char for char in title if " " <= char <= "~")), _han())


def _han() -> tuple[int, int, bytes]:
    """Width, height and grey levels of the heading."""
    width, height = HAN_SIZE * len(HAN), HAN_SIZE * 5 // 4
    image = Image.new("L", (width, height), 255)
    for path in _FONTS:
        try:
            font = ImageFont.truetype(path, HAN_SIZE)
        except OSError:
            continue
        ImageDraw.Draw(image).text((width // 2, height // 2), HAN, fill=0, font=font, anchor="mm")
        break
    return width, height, image.tobytes()


def _drawing(title: str) -> bytes:
    escaped = title.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    left = 15 * MM
    parts = [f"q 86 0 0 36 {left:.2f} 765 cm /Han Do Q", f"BT /F 12 Tf {left:.2f} 745 Td ({escaped}) Tj ET", "0.5 w"]
    parts += [_tick(mm) for mm in range(181)]  # a ruler of 18 cm: lay a real one beside it
    for step in range(GREYS):
        grey = step / (GREYS - 1)
        parts.append(f"{grey:.2f} g {left + step * 16 * MM:.2f} 600 {16 * MM:.2f} 50 re f")
    parts.append("0 g")
    for index, width in enumerate((0.12, 0.25, 0.5, 1.0, 2.0)):  # hair lines, in points
        parts.append(f"{width} w {left:.2f} {560 - 14 * index} m {left + 180 * MM:.2f} {560 - 14 * index} l S")
    parts.append(f"1 w {5 * MM:.2f} {5 * MM:.2f} {200 * MM:.2f} {287 * MM:.2f} re S")  # 5 mm from every edge
    return "\n".join(parts).encode("ascii")


def _tick(mm: int) -> str:
    x, length = (15 + mm) * MM, 14 if mm % 10 == 0 else 9 if mm % 5 == 0 else 5
    return f"{x:.3f} 690 m {x:.3f} {690 + length} l S"


def _pdf(drawing: bytes, han: tuple[int, int, bytes]) -> bytes:
    width, height, levels = han
    picture = zlib.compress(levels)
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595.28 841.89]/Contents 4 0 R"
        b"/Resources<</Font<</F 5 0 R>>/XObject<</Han 6 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(drawing), drawing),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 8"
        b"/Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (width, height, len(picture), picture),
    )
    out, places = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size, start = len(objects) + 1, len(out)
    return out + b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        size,
        table,
        size,
        start,
    )
