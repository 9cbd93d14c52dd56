"""The link breaks right after the terminal completed the payment.

Device: card_terminal
Resident: 已经付款
Staff: none
"""

from __future__ import annotations

from drivers.virtual.zvt_terminal_scenario import CutPlan
from tests.faults.card_terminal_bench import PRICE, cleared, over_tcp, shown
from tests.faults.resident import staff


async def test_paid_all_the_same() -> None:
    async with over_tcp() as bench:
        bench.terminal.cut_plan = CutPlan(control=b"\x06\x0f", after=True)
        result = await bench.driver.pay(PRICE)
        shown(__doc__, result.outcome)
        assert await cleared(bench) == result
        await bench.ready()
        staff(__doc__, bench.driver.status)
