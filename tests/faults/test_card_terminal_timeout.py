"""Nobody holds a card to the terminal until it gives up.

Device: card_terminal
Resident: 付款已取消，没有扣款。
Staff: none
"""

from __future__ import annotations

from tests.faults.card_terminal_bench import PRICE, over_tcp, shown
from tests.faults.resident import staff


async def test_given_up() -> None:
    async with over_tcp(auto=None, speed=300) as bench:
        result = await bench.driver.pay(PRICE)
        assert result.code == 0x6C
        assert bench.terminal.book.bookings == []
        shown(__doc__, result.outcome)
        staff(__doc__, bench.driver.status)
