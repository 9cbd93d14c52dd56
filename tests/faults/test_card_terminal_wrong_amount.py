"""The terminal takes another amount than it was told.

Device: card_terminal
Resident: 正在向银行核对这笔付款。请不要再付一次；没有付成的钱会原路退回。
Staff: none
"""

from __future__ import annotations

from drivers.card_terminal.port import CardOutcome
from drivers.virtual.zvt_terminal_scenario import TerminalFault
from tests.faults.card_terminal_bench import PRICE, over_tcp, shown
from tests.faults.resident import staff


async def test_not_taken_for_paid_and_given_back() -> None:
    async with over_tcp() as bench:
        bench.terminal.inject(TerminalFault.WRONG_AMOUNT, 1)
        result = await bench.driver.pay(PRICE)
        shown(__doc__, result.outcome)
        found = await bench.driver.last_result()
        assert found is not None
        assert found.receipt is not None
        assert found.amount != PRICE, "the caller sees how much was really taken"
        assert (await bench.driver.reverse(found.receipt)).outcome is CardOutcome.APPROVED
        assert bench.terminal.book.kept == []
        await bench.ready()
        staff(__doc__, bench.driver.status)
