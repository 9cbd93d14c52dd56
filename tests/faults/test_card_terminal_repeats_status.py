"""The terminal says "approved" twice for one payment.

Device: card_terminal
Resident: 已经付款
Staff: none
"""

from __future__ import annotations

from drivers.virtual.zvt_terminal_scenario import TerminalFault
from tests.faults.card_terminal_bench import PRICE, over_tcp, shown
from tests.faults.resident import staff


async def test_one_payment() -> None:
    async with over_tcp() as bench:
        bench.terminal.inject(TerminalFault.REPEATS_STATUS)
        result = await bench.driver.pay(PRICE)
        assert (result.amount, result.receipt) == (PRICE, 470)
        assert len(bench.terminal.book.payments) == 1
        shown(__doc__, result.outcome)
        staff(__doc__, bench.driver.status)
