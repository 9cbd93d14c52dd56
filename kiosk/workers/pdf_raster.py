"""Pages of a PDF as pictures, drawn by PDFium in a process of its own.

Signatures and seals are form fields and annotations: they are drawn, because a certificate without its seal is not
the certificate.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import structlog

from kiosk.workers.child import Answer, Handler, Job
from kiosk.workers.process import Reply, WorkerFault, WorkerProcess

log = structlog.get_logger()

MAX_WIDTH_PX = 5000  # A4 at 600 dpi
MAX_PIXELS = 40_000_000


class PdfFault(StrEnum):
    BROKEN = "broken"  # not a PDF, damaged, or locked with a password
    NO_SUCH_PAGE = "no-such-page"
    TOO_LARGE = "too-large"  # the picture would not fit `MAX_PIXELS`
    WORKER = "worker"  # the process failed or took too long


class PdfRasteriser:
    """One PDF page at a time; keep one for the kiosk's life and `close` it at the end."""

    def __init__(self, *, timeout_s: float = 20.0) -> None:
        self._worker = WorkerProcess("kiosk.workers.pdf_raster:worker", name="pdf_raster")
        self._timeout_s = timeout_s

    async def warm_up(self) -> bool:
        """Start the process ahead of need; False if it cannot start."""
        return await self._worker.start() is None

    async def page_count(self, pdf: bytes) -> int | PdfFault:
        reply = await self._ask("page_count", pdf)
        return reply if isinstance(reply, PdfFault) else int(reply.body["pages"])

    async def render(self, pdf: bytes, page: int, width_px: int) -> bytes | None:
        """As `draw`, for those who only need to know whether there is a picture; the fault goes to the log."""
        png = await self.draw(pdf, page, width_px)
        if isinstance(png, PdfFault):
            log.warning("pdf_not_drawn", fault=png.value, page=page)
            return None
        return png

    async def draw(self, pdf: bytes, page: int, width_px: int) -> bytes | PdfFault:
        """PNG of page `page` (from 0), `width_px` wide, on white, annotations and form fields drawn."""
        reply = await self._ask("render", pdf, {"page": page, "width_px": width_px})
        return reply if isinstance(reply, PdfFault) else reply.blob

    async def close(self) -> None:
        await self._worker.stop()

    async def _ask(self, op: str, pdf: bytes, args: dict[str, Any] | None = None) -> Reply | PdfFault:
        reply = await self._worker.request(op, args, pdf, timeout_s=self._timeout_s)
        if isinstance(reply, WorkerFault):
            return PdfFault.WORKER
        if "fault" in reply.body:
            return PdfFault(reply.body["fault"])
        return reply


# --- in the worker --------------------------------------------------------------------------------------------------


def worker(_options: dict[str, Any]) -> Mapping[str, Handler]:
    import pypdfium2 as pdfium

    def page_count(job: Job) -> Answer:
        try:
            with pdfium.PdfDocument(bytes(job.blob)) as document:
                return Answer({"pages": len(document)})
        except pdfium.PdfiumError:
            return _fault(PdfFault.BROKEN)

    def render(job: Job) -> Answer:
        try:
            with pdfium.PdfDocument(bytes(job.blob)) as document:
                document.init_forms()
                return _draw(document, int(job.body["page"]), int(job.body["width_px"]))
        except pdfium.PdfiumError:
            return _fault(PdfFault.BROKEN)

    return {"page_count": page_count, "render": render}


def _draw(document: Any, number: int, width_px: int) -> Answer:
    if not 0 <= number < len(document):
        return _fault(PdfFault.NO_SUCH_PAGE)
    page = document[number]
    width_pt, height_pt = page.get_size()
    if not 0 < width_px <= MAX_WIDTH_PX or width_pt <= 0 or width_px * width_px * height_pt / width_pt > MAX_PIXELS:
        return _fault(PdfFault.TOO_LARGE)
    bitmap = page.render(scale=width_px / width_pt, draw_annots=True, may_draw_forms=True)
    picture = bitmap.to_pil().convert("RGB")
    if picture.width != width_px:  # PDFium rounds up
        picture = picture.crop((0, 0, width_px, picture.height))
    png = io.BytesIO()
    picture.save(png, "PNG", compress_level=1)
    return Answer({}, png.getvalue())


def _fault(fault: PdfFault) -> Answer:
    return Answer({"fault": fault})
