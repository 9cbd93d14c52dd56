"""A bad earth puts the byte 10 on an ICT104 line, which means "counted": without a note ordered to be stacked it does
not.

Device: cash
Resident: (nothing: no note was fed)
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from drivers.cash.port import CashEventKind
from tests.faults.cash_bench import ict_bench
from tests.faults.resident import staff


async def test_ten_is_not_money(tmp_path: Path) -> None:
    async with ict_bench(tmp_path) as bench:
        await bench.unit.say(b"\x10\x10")
        await bench.quiet()
        await bench.feed(5000)
        await bench.unit.say(b"\x10")  # while the note waits
        await bench.quiet()
        assert await bench.cash.stack()
        await bench.event(CashEventKind.STACKED)
        await bench.unit.say(b"\x10")  # after it was counted
        await bench.quiet()
        assert bench.cash.status.counters["notes_stacked"] == len(bench.unit.path.cashbox) == 1
        staff(__doc__, bench.cash.status)
