"""An old bill's QR code holds Chinese in GBK, as printed before everything was UTF-8.

Device: code_scanner
Resident: (nothing: it is read as what it says)
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from tests.faults.resident import staff
from tests.faults.scanner_bench import bench

TEXT = "户号035012342718"


async def test_read_as_what_it_says(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        for encoding in ("gbk", "utf-8"):
            asking = await b.asked()
            b.device.present(TEXT.encode(encoding))
            assert (await asking).text == TEXT
        staff(__doc__, b.scanner.status)
