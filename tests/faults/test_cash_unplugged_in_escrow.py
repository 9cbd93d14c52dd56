"""The acceptor's cable comes off while a note waits to be decided about: the note is given back when it is on again.

Device: cash
Resident: 现金暂时不能用。已收下的钱已记录，请换一种付款方式。
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.cash.port import CashEventKind, Note
from tests.drivers.link.waiting import until
from tests.faults.cash_bench import ict_bench, ssp_bench, told
from tests.faults.resident import staff


@pytest.mark.parametrize("bench_of", [ssp_bench, ict_bench])
async def test_given_back_later(tmp_path: Path, bench_of: type) -> None:
    async with bench_of(tmp_path) as bench:
        await bench.feed(5000)
        bench.unit.unplug()
        told(__doc__, await bench.event(CashEventKind.LOST))
        staff(__doc__, bench.cash.status)
        assert not await bench.cash.stack()
        assert not await bench.cash.give_back()
        bench.unit.replug()
        returned = await bench.event(CashEventKind.RETURNED)
        assert (returned.note, returned.late) == (Note(5000), True)
        await until(lambda: bench.cash.status.ready)
        assert bench.unit.path.cashbox == []
