"""A bad cable: rubbish between the acceptor's replies, bytes one by one, replies damaged or cut short.

Device: cash
Resident: 已收下这张纸币
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from drivers.cash.port import CashEventKind
from drivers.virtual.itl_ssp_faults import SspFault
from tests.faults.cash_bench import ssp_bench, told
from tests.faults.resident import staff


async def test_every_note_counts_once_all_the_same(tmp_path: Path) -> None:
    async with ssp_bench(tmp_path) as bench:
        bench.unit.faults.inject(SspFault.NOISE)
        bench.unit.faults.inject(SspFault.SLOW_BYTES)
        for damage in (SspFault.BAD_CHECKSUM, SspFault.TRUNCATED):
            await bench.feed(2000)
            bench.unit.faults.inject(damage, 1)
            assert await bench.cash.stack()
            told(__doc__, await bench.event(CashEventKind.STACKED))
        await bench.quiet()
        assert bench.cash.status.counters["notes_stacked"] == 2
        staff(__doc__, bench.cash.status)
