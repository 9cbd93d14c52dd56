"""A bad serial line: noise, damaged frames, lost acknowledgements.

Device: card_terminal
Resident: 已经付款
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from drivers.virtual.zvt_terminal_wire import Manners
from tests.faults.card_terminal_bench import PRICE, over_serial, shown
from tests.faults.resident import staff


async def test_frames_are_sent_again(tmp_path: Path) -> None:
    async with over_serial(tmp_path) as bench:
        bench.serial.manners = Manners(noise=b"\x00\x10\x02\x33\x15", damaged=2, lost_acks=1, byte_by_byte=True)
        result = await bench.driver.pay(PRICE)
        assert len(bench.terminal.book.payments) == 1
        shown(__doc__, result.outcome)
        staff(__doc__, bench.driver.status)
