"""The toner is used up: the service is shown as unavailable before anybody starts.

Device: document_printer
Resident: A4 打印机暂时不能用
Staff: clear
"""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.status import SupplyState
from tests.faults.a4_bench import bench
from tests.faults.resident import sees, staff


@pytest.mark.parametrize("keyword", ["toner-empty-error", "marker-supply-empty-report", "toner-empty"])
async def test_said_before_the_start(tmp_path: Path, keyword: str) -> None:
    async with bench(tmp_path) as b:
        b.behaviour.printer_reasons = [keyword]
        b.behaviour.markers = {"Black": 0}
        sees(__doc__, await b.look())
        staff(__doc__, b.printer.status)
        assert (b.printer.status.supplies["toner"], b.printer.status.levels["toner"]) == (SupplyState.OUT, 0)
        b.behaviour.printer_reasons = ["none"]
        assert await b.look() is None
