"""The acceptor says OK to every order and moves nothing, with a note inside.

Device: cash
Resident: 纸币卡住了，请不要用力拉。已收下的钱已记录，请呼叫工作人员。
Staff: maintenance
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from drivers.cash.port import NOTE_PATH, CashEventKind, Note
from drivers.virtual.itl_ssp_faults import SspFault
from tests.drivers.link.waiting import until
from tests.faults.cash_bench import ALL, SSP_TIMINGS, ssp_bench, told
from tests.faults.resident import staff

IMPATIENT = replace(SSP_TIMINGS, stack=0.2, reject=0.2)


async def test_the_note_stays_where_it_is(tmp_path: Path) -> None:
    async with ssp_bench(tmp_path, timings=IMPATIENT) as bench:
        await bench.feed(5000)
        bench.unit.faults.inject(SspFault.ONLY_WORDS)
        assert await bench.cash.stack(), "it says so"
        jammed = await bench.event(CashEventKind.JAMMED)
        told(__doc__, jammed)
        assert jammed.note == Note(5000)
        await until(lambda: NOTE_PATH in bench.cash.status.supplies)
        staff(__doc__, bench.cash.status)
        assert not await bench.cash.enable(ALL)
        bench.unit.faults.clear()  # the technician
        await bench.unit.reset()
        await bench.next_of(CashEventKind.RETURNED)
        await until(lambda: bench.cash.status.ready)
        assert bench.unit.path.cashbox == []


async def test_enabled_in_words_only(tmp_path: Path) -> None:
    async with ssp_bench(tmp_path, enabled=False) as bench:
        bench.unit.faults.inject(SspFault.NEVER_ENABLES)
        assert await bench.cash.enable(ALL)
        await bench.event(CashEventKind.LOST)
        assert bench.cash.status.detail == "unit stays disabled"
