"""A unit that also pays out was built in, and tells of a payout: its amounts could be misread as credits.

Device: cash
Resident: 现金暂时不能用。已收下的钱已记录，请换一种付款方式。
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

from drivers.cash.port import CashEventKind
from drivers.status import DeviceState
from drivers.virtual.itl_ssp_faults import SspFault
from tests.faults.cash_bench import ssp_bench, told
from tests.faults.resident import staff


async def test_nothing_behind_it_is_read(tmp_path: Path) -> None:
    async with ssp_bench(tmp_path) as bench:
        bench.unit.faults.inject(SspFault.PAYOUT_EVENT)
        told(__doc__, await bench.event(CashEventKind.LOST))
        assert bench.cash.status.device is DeviceState.HARDWARE_ERROR
        assert "event DA" in bench.cash.status.detail
        staff(__doc__, bench.cash.status)
        assert bench.cash.status.counters["notes_stacked"] == 0
