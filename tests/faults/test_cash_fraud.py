"""Somebody works at the note slot with a string.

Device: cash
Resident: 现金暂停使用，请呼叫工作人员。
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

from drivers.cash.port import CashEventKind
from drivers.status import DeviceState
from tests.drivers.link.waiting import until
from tests.faults.cash_bench import ALL, ssp_bench, told
from tests.faults.resident import staff


async def test_no_more_notes_until_somebody_came(tmp_path: Path) -> None:
    async with ssp_bench(tmp_path) as bench:
        await bench.feed(2000)
        bench.unit.fish()
        assert await bench.cash.give_back()  # a poll follows: the note held by hand is returned, never stacked
        assert {(await bench.event()).kind for _ in range(2)} == {CashEventKind.RETURNED, CashEventKind.FRAUD}
        told(__doc__, next(event for event in bench.seen if event.kind is CashEventKind.FRAUD))
        await until(lambda: bench.cash.status.device is DeviceState.FRAUD_ATTEMPT)
        staff(__doc__, bench.cash.status)
        await until(lambda: not bench.unit.taking)
        assert not await bench.cash.enable(ALL)
        assert bench.unit.path.cashbox == []
        await bench.unit.reset()  # the technician
        await until(lambda: bench.cash.status.ready)
