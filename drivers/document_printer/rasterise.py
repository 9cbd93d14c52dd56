"""PDF → PWG Raster, in a process of its own: `python -m drivers.document_printer.rasterise DPI TYPE <pdf >raster`.

PDFium must not be used in two threads, may be brought down by a damaged document, and takes its time; drawing and
packing a page keep a core busy for some hundred milliseconds. A process that ends takes the person's data with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import sys
from typing import TYPE_CHECKING

from drivers.document_printer.pwg_raster import SYNC, PixelType, RasterFormat, encode_lines, page_header

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_PAGES = 100
MAX_CPU_S = 120
MAX_MEMORY = 2 * 1024**3
PATIENCE_S = 90.0
POINTS_PER_INCH = 72


class RasteriseError(Exception):
    """The document cannot be drawn: no PDF, damaged, too long, or drawing takes for ever."""


async def rasterise(pdf: bytes, form: RasterFormat, patience_s: float = PATIENCE_S) -> bytes:
    """All pages as one PWG Raster document. Raises RasteriseError. Cancelling ends the process."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__, str(form.dpi), form.pixel.value),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # a traceback may quote the document
    )
    try:
        async with asyncio.timeout(patience_s):
            raster, _ = await process.communicate(pdf)
    except TimeoutError:
        raise RasteriseError("takes too long") from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode != 0 or not raster.startswith(SYNC):
        raise RasteriseError(f"ended with {process.returncode}")
    return raster


def draw(pdf: bytes, form: RasterFormat) -> bytes:
    """The same in this process. ValueError for what is no document of 1 to `MAX_PAGES` pages."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(pdf)
    except pypdfium2.PdfiumError as error:
        raise ValueError("no PDF") from error
    try:
        pages = len(document)
        if not 0 < pages <= MAX_PAGES:
            raise ValueError(f"{pages} pages")
        out = [SYNC]
        for number in range(pages):
            page = document[number]
            bitmap = page.render(
                scale=form.dpi / POINTS_PER_INCH,
                grayscale=form.pixel is not PixelType.SRGB_8,
                rev_byteorder=True,
                optimize_mode="print",
            )
            out += (page_header(form, pages), encode_lines(_on_a4(bitmap.to_numpy(), form), form.pixel))
            bitmap.close()
            page.close()
        return b"".join(out)
    finally:
        document.close()


def _on_a4(drawn: NDArray[np.uint8], form: RasterFormat) -> NDArray[np.uint8]:
    """The page on a white A4 sheet from its upper left corner, never scaled; as the octets of its lines."""
    import numpy as np
    from PIL import Image

    width, height = form.size
    colors = 3 if form.pixel is PixelType.SRGB_8 else 1
    sheet = np.full((height, width, colors), 255, np.uint8)
    pixels = drawn.reshape(drawn.shape[0], drawn.shape[1], -1)[:height, :width, :colors]
    sheet[: pixels.shape[0], : pixels.shape[1]] = pixels
    if form.pixel is PixelType.BLACK_1:
        dithered = np.asarray(Image.fromarray(sheet[:, :, 0], "L").convert("1"))
        return np.packbits(~dithered, axis=1)  # 1 is black
    return sheet.reshape(height, width * colors)


def main(arguments: list[str]) -> int:
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_S, MAX_CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    form = RasterFormat(int(arguments[0]), PixelType(arguments[1]))
    try:
        raster = draw(sys.stdin.buffer.read(), form)
    except ValueError:
        return 1
    sys.stdout.buffer.write(raster)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
