"""Somebody opens the A4 printer's door in the middle of a job.

Device: document_printer
Resident: 打印机停下了，请呼叫工作人员，处理好会接着打；也可以不打了，这份证明会作废。
Staff: clear
"""

from __future__ import annotations

from pathlib import Path

from kiosk.journeys import texts
from tests.faults.a4_bench import Trouble, bench
from tests.faults.resident import sees, staff
from tests.kiosk.journeys.fakes import Wait


async def test_held_until_it_is_closed(tmp_path: Path) -> None:
    async with bench(tmp_path, Message=Wait()) as b:
        b.engine.trouble = Trouble(("door-open-error",))

        async def clerk() -> None:
            sees(__doc__, (await b.held()).body)
            staff(__doc__, b.printer.status)
            assert b.tile() == texts.NO_DOCUMENT_PRINTER
            b.engine.mend()

        assert await b.prints(clerk) is None


async def test_nobody_starts_before(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        b.behaviour.printer_reasons = ["door-open-report"]
        assert await b.look() == texts.NO_DOCUMENT_PRINTER
