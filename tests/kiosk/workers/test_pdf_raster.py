from __future__ import annotations

import io
from collections.abc import AsyncIterator

import pytest
from PIL import Image

from kiosk.workers.pdf_raster import PdfFault, PdfRasteriser


def make_pdf(*, annotation: bool = False, pages: int = 1, box: str = "0 0 200 100") -> bytes:
    """A small PDF by hand: white pages; with `annotation`, a red stamp in the left half of the first."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b""]
    kids = []
    for number in range(pages):
        extra = b"/Annots[%d 0 R]" % (len(objects) + 2) if annotation and number == 0 else b""
        objects.append(b"<</Type/Page/Parent 2 0 R/MediaBox[%s]%s>>" % (box.encode(), extra))
        kids.append(b"%d 0 R" % len(objects))
        if extra:
            objects.append(b"<</Type/Annot/Subtype/Stamp/F 4/Rect[0 0 100 100]/AP<</N %d 0 R>>>>" % (len(objects) + 2))
            drawing = b"1 0 0 rg 0 0 100 100 re f"
            objects.append(
                b"<</Type/XObject/Subtype/Form/BBox[0 0 100 100]/Length %d>>stream\n%s\nendstream"
                % (len(drawing), drawing)
            )
    objects[1] = b"<</Type/Pages/Kids[%s]/Count %d>>" % (b" ".join(kids), pages)
    out, offsets = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


@pytest.fixture
async def rasteriser() -> AsyncIterator[PdfRasteriser]:
    it = PdfRasteriser(timeout_s=60)
    yield it
    await it.close()


async def test_a_page_is_drawn_with_its_seal(rasteriser: PdfRasteriser) -> None:
    png = await rasteriser.render(make_pdf(annotation=True), 0, 401)
    assert isinstance(png, bytes)
    picture = Image.open(io.BytesIO(png))
    assert (picture.format, picture.mode, picture.width) == ("PNG", "RGB", 401)
    assert abs(picture.height - 200) <= 1
    assert picture.getpixel((100, 100)) == (255, 0, 0)
    assert picture.getpixel((300, 100)) == (255, 255, 255)


async def test_pages_are_counted(rasteriser: PdfRasteriser) -> None:
    assert await rasteriser.page_count(make_pdf(pages=3)) == 3


@pytest.mark.parametrize("pdf", [b"", b"not a PDF", make_pdf()[:60]])
async def test_what_is_no_pdf_is_a_value(rasteriser: PdfRasteriser, pdf: bytes) -> None:
    assert await rasteriser.page_count(pdf) is PdfFault.BROKEN
    assert await rasteriser.draw(pdf, 0, 100) is PdfFault.BROKEN
    assert await rasteriser.render(pdf, 0, 100) is None


async def test_limits(rasteriser: PdfRasteriser) -> None:
    assert await rasteriser.draw(make_pdf(), 1, 100) is PdfFault.NO_SUCH_PAGE
    assert await rasteriser.draw(make_pdf(), -1, 100) is PdfFault.NO_SUCH_PAGE
    assert await rasteriser.draw(make_pdf(), 0, 0) is PdfFault.TOO_LARGE
    assert await rasteriser.draw(make_pdf(), 0, 100_000) is PdfFault.TOO_LARGE
    assert await rasteriser.draw(make_pdf(box="0 0 1 14000"), 0, 1000) is PdfFault.TOO_LARGE


async def test_out_of_time_is_a_value() -> None:
    rasteriser = PdfRasteriser(timeout_s=0.0)
    assert await rasteriser.warm_up()
    assert await rasteriser.page_count(make_pdf()) is PdfFault.WORKER
    await rasteriser.close()
