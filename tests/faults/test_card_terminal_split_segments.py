"""The network cuts the terminal's messages to pieces, or glues them together.

Device: card_terminal
Resident: 已经付款
Staff: none
"""

from __future__ import annotations

import pytest

from drivers.virtual.zvt_terminal_wire import Manners
from tests.faults.card_terminal_bench import PRICE, over_tcp, shown
from tests.faults.resident import staff


@pytest.mark.parametrize("manners", [Manners(byte_by_byte=True), Manners(merged=True)], ids=["split", "merged"])
async def test_nothing_is_noticed(manners: Manners) -> None:
    async with over_tcp() as bench:
        bench.tcp.manners = manners
        result = await bench.driver.pay(PRICE)
        assert (result.amount, len(bench.terminal.book.kept)) == (PRICE, 1)
        shown(__doc__, result.outcome)
        staff(__doc__, bench.driver.status)
