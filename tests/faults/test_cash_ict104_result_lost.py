"""The one byte in which an ICT104 unit says that a note is in the box is lost: not counted, and not forgotten either.

Device: cash
Resident: 纸币卡住了，请不要用力拉。已收下的钱已记录，请呼叫工作人员。
Staff: clear
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from drivers.cash.port import CashEventKind, Note
from drivers.virtual.ict104 import IctFault
from tests.drivers.link.waiting import until
from tests.faults.cash_bench import ALL, ICT_TIMINGS, ict_bench, told
from tests.faults.resident import staff


async def test_unknown_is_not_ok(tmp_path: Path) -> None:
    async with ict_bench(tmp_path, timings=replace(ICT_TIMINGS, accept=0.6)) as bench:
        await bench.feed(2000)
        bench.unit.faults.inject(IctFault.LOST_REPLY, 1)
        assert await bench.cash.stack()
        jammed = await bench.event(CashEventKind.JAMMED)
        told(__doc__, jammed)
        assert jammed.note == Note(2000)
        assert bench.unit.path.cashbox == [2000]
        await until(lambda: bench.cash.status.counters["notes_unknown"] == 1)
        staff(__doc__, bench.cash.status)
        assert await bench.cash.enable(ALL), "the unit works"
        await bench.feed(500)
