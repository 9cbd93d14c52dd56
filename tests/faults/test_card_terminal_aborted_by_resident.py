"""The resident presses the terminal's red key, or the kiosk's home button, instead of paying.

Device: card_terminal
Resident: 付款已取消，没有扣款。
Staff: none
"""

from __future__ import annotations

import asyncio

from drivers.virtual.zvt_terminal_scenario import Tap
from tests.drivers.link.waiting import until
from tests.faults.card_terminal_bench import PRICE, over_tcp, shown
from tests.faults.resident import staff


async def test_red_key() -> None:
    async with over_tcp(auto=Tap.KEY) as bench:
        result = await bench.driver.pay(PRICE)
        assert bench.terminal.book.bookings == []
        shown(__doc__, result.outcome)
        staff(__doc__, bench.driver.status)


async def test_home_button() -> None:
    """The kiosk asks the terminal to stop, and waits for what it says: it might have been too late."""
    async with over_tcp(auto=None) as bench:
        paying = asyncio.create_task(bench.driver.pay(PRICE))
        await until(lambda: bench.terminal.wants_card)
        await bench.driver.cancel()
        result = await paying
        assert bench.terminal.book.bookings == []
        shown(__doc__, result.outcome)
