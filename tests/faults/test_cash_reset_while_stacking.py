"""An acceptor without a memory (ICT104) restarts while it stacks: nobody can say where the note is, so it is not
counted, and somebody looks.

Device: cash
Resident: 纸币卡住了，请不要用力拉。已收下的钱已记录，请呼叫工作人员。
Staff: clear
"""

from __future__ import annotations

from pathlib import Path

from drivers.cash.port import CashEventKind, Note
from drivers.virtual.note_path import Place
from tests.drivers.link.waiting import until
from tests.faults.cash_bench import ict_bench, told
from tests.faults.resident import staff


async def test_not_counted_and_not_forgotten(tmp_path: Path) -> None:
    async with ict_bench(tmp_path, speed=8) as bench:
        await bench.feed(5000)
        assert await bench.cash.stack()
        await until(lambda: bench.unit.path.place is Place.STACKING)
        await bench.unit.reset()
        await bench.event(CashEventKind.LOST)
        jammed = await bench.event(CashEventKind.JAMMED)
        told(__doc__, jammed)
        assert (jammed.note, jammed.late) == (Note(5000), True)
        await until(lambda: bench.cash.status.counters["notes_unknown"] == 1)
        assert bench.cash.status.counters["notes_stacked"] == 0
        assert bench.unit.path.cashbox == [5000], "in truth it is in the box"
        staff(__doc__, bench.cash.status)
        await bench.quiet()
