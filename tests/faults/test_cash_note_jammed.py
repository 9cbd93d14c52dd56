"""A note sticks on its way into the cash box.

Device: cash
Resident: 纸币卡住了，请不要用力拉。已收下的钱已记录，请呼叫工作人员。
Staff: clear
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from drivers.cash.port import NOTE_PATH, CashEventKind, Note
from drivers.status import SupplyState
from drivers.virtual.itl_ssp_faults import SspFault
from tests.drivers.link.waiting import until
from tests.faults.cash_bench import ALL, SSP_TIMINGS, ssp_bench, told
from tests.faults.resident import staff


async def test_before_it_counts(tmp_path: Path) -> None:
    """The resident can still get at it, so it is not counted; the clerk who takes it out gives it back."""
    async with ssp_bench(tmp_path, timings=replace(SSP_TIMINGS, reject=0.3)) as bench:
        bench.unit.faults.inject(SspFault.JAM_UNSAFE, 1)
        await bench.feed(5000)
        assert await bench.cash.stack()
        jammed = await bench.event(CashEventKind.JAMMED)
        told(__doc__, jammed)
        assert jammed.note == Note(5000)
        await until(lambda: NOTE_PATH in bench.cash.status.supplies)
        staff(__doc__, bench.cash.status)
        assert bench.cash.status.supplies[NOTE_PATH] is SupplyState.JAMMED
        assert not await bench.cash.enable(ALL)
        bench.unit.unjam()
        await until(lambda: bench.cash.status.ready)
        assert bench.cash.status.counters["notes_stacked"] == 0
        assert bench.unit.path.out == [5000]
        while not await bench.cash.enable(ALL):  # once it is clear that the unit will tell nothing more of the note
            await asyncio.sleep(0.02)
        await bench.quiet()


async def test_after_it_counts(tmp_path: Path) -> None:
    """It counts: nobody can pull it out any more."""
    async with ssp_bench(tmp_path) as bench:
        bench.unit.faults.inject(SspFault.JAM_SAFE, 1)
        await bench.feed(5000)
        assert await bench.cash.stack()
        await bench.event(CashEventKind.STACKED)
        jammed = await bench.event(CashEventKind.JAMMED)
        assert jammed.note is None, "no note whose outcome is open"
        bench.unit.unjam()
        await until(lambda: bench.cash.status.ready)
        assert bench.unit.path.cashbox == [5000]
        await bench.quiet()
