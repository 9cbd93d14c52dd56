"""The A4 printer takes no PDF, only pictures of pages: the terminal draws them.

Device: document_printer
Resident: (nothing: the certificate is printed)
Staff: none
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from drivers.virtual.pwg_reader import read_page
from tests.faults.a4_bench import bench
from tests.faults.resident import staff


async def test_page_arrives_as_a_picture(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        b.behaviour.formats, b.behaviour.raster_dpi = ["image/pwg-raster"], [150]
        assert await b.prints() is None
        staff(__doc__, b.printer.status)
        page = await asyncio.to_thread(read_page, b.responder.jobs[1].document)
        assert page.size == (1240, 1754)
        assert page.getextrema()[0] == 0, "there is ink on it"
