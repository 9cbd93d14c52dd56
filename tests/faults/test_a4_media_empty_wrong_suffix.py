"""The tray is empty, and the printer calls that a mere report: the keyword decides, not its suffix.

Device: document_printer
Resident: A4 打印机没有纸了，请拨打 12345 告知
Staff: clear
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.a4_bench import bench
from tests.faults.resident import sees, staff


@pytest.mark.parametrize("suffix", ["-report", "-warning", "-error", ""])
async def test_paper_out_whatever_it_is_called(tmp_path: Path, suffix: str) -> None:
    async with bench(tmp_path) as b:
        b.behaviour.printer_reasons = [f"media-empty{suffix}"]
        sees(__doc__, await b.look())
        staff(__doc__, b.printer.status)
