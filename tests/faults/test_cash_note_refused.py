"""A note is not recognised and pushed out again.

Device: cash
Resident: 这张纸币收不了，请取走，换一张或换一种付款方式。
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from structlog.testing import capture_logs

from drivers.cash.port import CashEventKind
from drivers.virtual.itl_ssp_faults import SspFault
from tests.drivers.link.waiting import until
from tests.faults.cash_bench import ssp_bench, told
from tests.faults.resident import staff


async def test_refused_then_a_better_one(tmp_path: Path) -> None:
    async with ssp_bench(tmp_path) as bench:
        bench.unit.faults.inject(SspFault.COUNTERFEIT, 1)
        await until(lambda: bench.unit.taking)
        with capture_logs() as logs:
            assert bench.unit.insert(10000)
            told(__doc__, await bench.event(CashEventKind.REFUSED))
            await until(lambda: any(entry["event"] == "cash_note_refused" for entry in logs))
        assert [entry["reason"] for entry in logs if entry["event"] == "cash_note_refused"] == ["not recognised"]
        staff(__doc__, bench.cash.status)
        await bench.feed(10000)
        assert await bench.cash.stack()
        await bench.event(CashEventKind.STACKED)
