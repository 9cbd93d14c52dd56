"""The reply that tells of a credit is lost on the wire: asked again, the unit repeats it, and the note counts once.

Device: cash
Resident: 已收下这张纸币
Staff: none
"""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.cash.port import CashEventKind
from drivers.virtual.itl_ssp_faults import SspFault
from tests.faults.cash_bench import ssp_bench, told
from tests.faults.resident import staff


@pytest.mark.parametrize("times", [1, 3])
async def test_counted_once(tmp_path: Path, times: int) -> None:
    async with ssp_bench(tmp_path) as bench:
        await bench.feed(10000)
        bench.unit.faults.inject(SspFault.LOST_CREDIT, times)
        assert await bench.cash.stack()
        told(__doc__, await bench.event(CashEventKind.STACKED))
        assert not bench.unit.faults.names, "it was lost"
        assert bench.unit.credits_told == 1, "the unit did not do it again, it repeated its reply"
        await bench.quiet()
        assert bench.cash.status.counters["notes_stacked"] == len(bench.unit.path.cashbox) == 1
        staff(__doc__, bench.cash.status)


async def test_the_reply_comes_twice(tmp_path: Path) -> None:
    """Late, so that the unit answers the first asking and the second."""
    async with ssp_bench(tmp_path) as bench:
        await bench.feed(10000)
        assert await bench.cash.stack()
        bench.unit.faults.inject(SspFault.LATE, 2)
        await bench.event(CashEventKind.STACKED)
        await bench.quiet()
        assert bench.cash.status.counters["notes_stacked"] == 1
