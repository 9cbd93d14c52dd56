"""The cash box is full in the middle of a payment.

Device: cash
Resident: 钱箱已满，不能再收现金。请换一种付款方式。
Staff: clear
"""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.cash.port import CASHBOX_SPACE, CashEventKind
from drivers.status import DeviceState, SupplyState
from tests.drivers.link.waiting import until
from tests.faults.cash_bench import ALL, ssp_bench, told
from tests.faults.resident import staff


@pytest.mark.parametrize("repeats", [True, False], ids=["said in every poll", "said once"])
async def test_full_then_emptied(tmp_path: Path, repeats: bool) -> None:
    async with ssp_bench(tmp_path, repeats_trouble=repeats) as bench:
        bench.unit.fill()
        told(__doc__, await bench.event(CashEventKind.STACKER_FULL))
        await until(lambda: not bench.cash.status.ready)
        staff(__doc__, bench.cash.status)
        assert bench.cash.status.device is DeviceState.ONLINE
        assert bench.cash.status.supplies[CASHBOX_SPACE] is SupplyState.OUT
        assert not await bench.cash.enable(ALL)
        bench.unit.remove_cashbox()
        await bench.event(CashEventKind.CASHBOX_REMOVED)
        bench.unit.empty()
        bench.unit.replace_cashbox()
        await bench.event(CashEventKind.CASHBOX_REPLACED)
        await until(lambda: bench.cash.status.ready)
        assert await bench.cash.enable(ALL)
        await bench.feed(100)
