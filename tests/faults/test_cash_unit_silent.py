"""The note acceptor stops answering in the middle of a payment.

Device: cash
Resident: 现金暂时不能用。已收下的钱已记录，请换一种付款方式。
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

from drivers.cash.port import CashEventKind
from drivers.status import DeviceState
from drivers.virtual.itl_ssp_faults import SspFault
from tests.drivers.link.waiting import until
from tests.faults.cash_bench import ALL, ssp_bench, told
from tests.faults.resident import staff


async def test_lost_and_back(tmp_path: Path) -> None:
    async with ssp_bench(tmp_path) as bench:
        bench.unit.faults.inject(SspFault.SILENT)
        told(__doc__, await bench.event(CashEventKind.LOST))
        assert bench.cash.status.device is DeviceState.OFFLINE
        assert bench.cash.status.detail == "unit silent"
        staff(__doc__, bench.cash.status)
        assert not await bench.cash.enable(ALL)
        bench.unit.faults.clear()
        await until(lambda: bench.cash.status.ready)
        assert not bench.unit.taking, "nobody enabled it again"
        assert await bench.cash.enable(ALL)
        await bench.feed(1000)
