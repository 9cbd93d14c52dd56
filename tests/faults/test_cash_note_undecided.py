"""The kiosk's journey was broken off and nobody decides about the note in escrow: the driver gives it back.

Device: cash
Resident: 纸币已退出，请取走
Staff: none
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from drivers.cash.port import CashEventKind, Note
from tests.faults.cash_bench import ICT_TIMINGS, SSP_TIMINGS, ict_bench, ssp_bench, told
from tests.faults.resident import staff


async def test_ssp(tmp_path: Path) -> None:
    async with ssp_bench(tmp_path, timings=replace(SSP_TIMINGS, escrow_decision=0.1)) as bench:
        await bench.feed(2000)
        returned = await bench.event(CashEventKind.RETURNED)
        told(__doc__, returned)
        assert returned.note == Note(2000)
        staff(__doc__, bench.cash.status)
        assert bench.unit.path.cashbox == []


async def test_ict104(tmp_path: Path) -> None:
    async with ict_bench(tmp_path, timings=replace(ICT_TIMINGS, escrow_decision=0.1)) as bench:
        await bench.feed(2000)
        await bench.event(CashEventKind.RETURNED)
        assert bench.unit.path.cashbox == []
