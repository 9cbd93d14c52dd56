"""The resident pulls the note out again while the kiosk decides.

Device: cash
Resident: 纸币已退出，请取走
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from drivers.cash.port import CashEventKind, Note
from tests.faults.cash_bench import ssp_bench, told
from tests.faults.resident import staff


async def test_not_counted(tmp_path: Path) -> None:
    async with ssp_bench(tmp_path) as bench:
        await bench.feed(10000)
        assert bench.unit.pull_back()
        await bench.cash.stack()  # in the same moment: whether there was a note still, an event tells
        returned = await bench.event(CashEventKind.RETURNED)
        told(__doc__, returned)
        assert returned.note == Note(10000)
        staff(__doc__, bench.cash.status)
        assert bench.cash.status.counters["notes_stacked"] == 0
        await bench.feed(500)
