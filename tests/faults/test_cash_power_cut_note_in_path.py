"""The power of the note acceptor fails while it takes a note: it finds it in its path afterwards, and it counts once.
Should it push a note out then, nobody can know that it is this one: the last reply before the power went is lost, and
it may have been in the box already. That is for a clerk.

Device: cash
Resident: 现金暂时不能用。已收下的钱已记录，请换一种付款方式。
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.cash.port import CashEventKind, Note
from drivers.virtual.note_path import Place
from tests.drivers.link.waiting import until
from tests.faults.cash_bench import ssp_bench, told
from tests.faults.resident import staff


@pytest.mark.parametrize(("where", "outcome"), [("cashbox", CashEventKind.STACKED), ("front", CashEventKind.JAMMED)])
async def test_found_in_the_path(tmp_path: Path, where: str, outcome: CashEventKind) -> None:
    async with ssp_bench(tmp_path, speed=8) as bench:
        await bench.feed(5000)
        assert await bench.cash.stack()
        await until(lambda: bench.unit.path.place is Place.STACKING)
        await bench.unit.power_off()
        told(__doc__, await bench.event(CashEventKind.LOST))
        staff(__doc__, bench.cash.status)
        bench.unit.power_on(clear_to=where)
        event = await bench.event(outcome)
        assert (event.note, event.late) == (Note(5000), True)
        await until(lambda: bench.cash.status.ready)
        if outcome is CashEventKind.JAMMED:
            assert bench.cash.status.counters["notes_returned"] == 0
        await bench.quiet()
        assert len(bench.unit.path.cashbox) == bench.cash.status.counters["notes_stacked"]
