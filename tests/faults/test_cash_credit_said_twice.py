"""A note acceptor tells of one note's credit twice, as if there had been a second note that nobody saw: one is counted,
and somebody counts the box.

Device: cash
Resident: 纸币卡住了，请不要用力拉。已收下的钱已记录，请呼叫工作人员。
Staff: clear
"""

from __future__ import annotations

from pathlib import Path

from drivers.cash.port import CashEventKind, Note
from drivers.virtual.itl_ssp_faults import SspFault
from tests.drivers.link.waiting import until
from tests.faults.cash_bench import ALL, ssp_bench, told
from tests.faults.resident import staff


async def test_counted_once(tmp_path: Path) -> None:
    async with ssp_bench(tmp_path) as bench:
        bench.unit.faults.inject(SspFault.CREDIT_TWICE, 1)
        await bench.feed(5000)
        assert await bench.cash.stack()
        await bench.event(CashEventKind.STACKED)
        jammed = await bench.event(CashEventKind.JAMMED)
        told(__doc__, jammed)
        assert jammed.note == Note(5000)
        await until(lambda: bench.cash.status.counters["notes_unknown"] == 1)
        assert bench.cash.status.counters["notes_stacked"] == len(bench.unit.path.cashbox) == 1
        staff(__doc__, bench.cash.status)
        await bench.quiet()
        assert await bench.cash.enable(ALL)
        await bench.feed(500)
