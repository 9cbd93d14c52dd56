"""The connection died during the night and neither side was told; the first resident of the day pays.

Device: card_terminal
Resident: 已经付款
Staff: none
"""

from __future__ import annotations

from tests.faults.card_terminal_bench import PRICE, impatient, over_tcp, shown
from tests.faults.resident import staff


async def test_the_first_payment_of_the_day() -> None:
    """A terminal not heard for a while is registered with before money moves; on silence the link is made anew."""
    async with over_tcp(impatient(fresh=0.0, t3=0.3)) as bench:
        bench.tcp.frozen = True
        result = await bench.driver.pay(PRICE)
        assert len(bench.terminal.book.kept) == 1
        assert bench.tcp.connection == 2
        shown(__doc__, result.outcome)
        staff(__doc__, bench.driver.status)
