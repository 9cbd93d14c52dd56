"""A bad earth puts the byte 11 ("came out") on an ICT104 line while the note goes into the box: nobody is told that it
was given back, and somebody counts.

Device: cash
Resident: 纸币卡住了，请不要用力拉。已收下的钱已记录，请呼叫工作人员。
Staff: clear
"""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.cash.port import CashEventKind, Note
from drivers.virtual.note_path import Place
from tests.drivers.link.waiting import until
from tests.faults.cash_bench import ALL, ict_bench, told
from tests.faults.resident import staff


@pytest.mark.parametrize("stray", [b"\x11", b"\x29", b"\x23"], ids=["11", "29", "23"])
async def test_before_the_true_credit(tmp_path: Path, stray: bytes) -> None:
    async with ict_bench(tmp_path, speed=15) as bench:
        await bench.feed(5000)
        assert await bench.cash.stack()
        await until(lambda: bench.unit.path.place is Place.STACKING)
        await bench.unit.say(stray)
        jammed = await bench.event(CashEventKind.JAMMED)
        told(__doc__, jammed)
        assert jammed.note == Note(5000)
        assert bench.unit.path.cashbox == [5000]
        await until(lambda: bench.cash.status.counters["notes_unknown"] == 1)
        staff(__doc__, bench.cash.status)
        await bench.quiet()
        assert await bench.cash.enable(ALL), "the next note is taken"
        await bench.feed(500)


async def test_after_it(tmp_path: Path) -> None:
    async with ict_bench(tmp_path) as bench:
        await bench.feed(5000)
        assert await bench.cash.stack()
        await until(lambda: bench.unit.path.cashbox == [5000])
        await bench.unit.say(b"\x11")
        assert (await bench.event(CashEventKind.JAMMED)).note == Note(5000)
        assert bench.cash.status.counters["notes_stacked"] == 0
        await bench.quiet()
