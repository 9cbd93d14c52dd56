"""The link breaks while the terminal waits for the card.

Device: card_terminal
Resident: 正在向银行核对这笔付款。请不要再付一次；没有付成的钱会原路退回。付款已取消，没有扣款。
Staff: none
"""

from __future__ import annotations

from drivers.card_terminal.port import CardOutcome
from drivers.virtual.zvt_terminal_scenario import CutPlan
from tests.faults.card_terminal_bench import PRICE, over_tcp, shown
from tests.faults.resident import staff


async def test_nothing_was_taken() -> None:
    """The terminal's newest transaction is the one from before."""
    async with over_tcp() as bench:
        assert (await bench.driver.pay(100)).outcome is CardOutcome.APPROVED
        await bench.ready()
        bench.terminal.cut_plan = CutPlan(control=b"\x04\xff", after=True)
        result = await bench.driver.pay(PRICE)
        assert result.outcome is CardOutcome.UNKNOWN
        found = await bench.driver.last_result()
        assert found is not None
        assert [b.amount for b in bench.terminal.book.kept] == [100]
        shown(__doc__, result.outcome, found.outcome)
        await bench.ready()
        staff(__doc__, bench.driver.status)
