"""The A4 printer has stopped and gives no reason, or one nobody has heard of.

Device: document_printer
Resident: A4 打印机暂时不能用
Staff: clear
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.a4_bench import bench
from tests.faults.resident import sees, staff


@pytest.mark.parametrize("reasons", [["none"], ["com.vendor.drum-estranged-error"]])
async def test_somebody_has_to_look(tmp_path: Path, reasons: list[str]) -> None:
    async with bench(tmp_path) as b:
        b.behaviour.printer_state, b.behaviour.printer_reasons = 5, reasons
        sees(__doc__, await b.look())
        staff(__doc__, b.printer.status)


async def test_unknown_word_alone_stops_nobody(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        b.behaviour.printer_reasons = ["com.vendor.moon-phase-warning"]
        assert await b.look() is None
        assert await b.prints() is None
