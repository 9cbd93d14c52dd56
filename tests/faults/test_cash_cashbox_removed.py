"""The cash box is taken out while a resident pays.

Device: cash
Resident: 现金暂停使用，请换一种付款方式。
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

from drivers.cash.port import CASHBOX_SPACE, CashEventKind
from drivers.status import DeviceState, SupplyState
from tests.drivers.link.waiting import until
from tests.faults.cash_bench import ALL, ssp_bench, told
from tests.faults.resident import staff


async def test_out_and_in_again(tmp_path: Path) -> None:
    async with ssp_bench(tmp_path) as bench:
        bench.unit.remove_cashbox()
        told(__doc__, await bench.event(CashEventKind.CASHBOX_REMOVED))
        await until(lambda: not bench.cash.status.ready)
        staff(__doc__, bench.cash.status)
        assert bench.cash.status.device is DeviceState.USER_ERROR
        assert bench.cash.status.supplies[CASHBOX_SPACE] is SupplyState.OUT
        assert not await bench.cash.enable(ALL)
        bench.unit.replace_cashbox()
        await bench.event(CashEventKind.CASHBOX_REPLACED)
        await until(lambda: bench.cash.status.ready)
        await bench.quiet()
        assert await bench.cash.enable(ALL)
        await bench.feed(1000)
