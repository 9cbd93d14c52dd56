"""The terminal acknowledges the payment and then does nothing.

Device: card_terminal
Resident: 正在向银行核对这笔付款。请不要再付一次；没有付成的钱会原路退回。付款已取消，没有扣款。
Staff: none
"""

from __future__ import annotations

from drivers.card_terminal.port import CardOutcome
from drivers.virtual.zvt_terminal_scenario import TerminalFault
from tests.faults.card_terminal_bench import PRICE, impatient, over_tcp, shown
from tests.faults.resident import staff


async def test_told_to_stop_then_asked() -> None:
    async with over_tcp(impatient(t4=0.3, after_cancel=0.2)) as bench:
        assert (await bench.driver.pay(100)).outcome is CardOutcome.APPROVED
        await bench.ready()
        bench.terminal.inject(TerminalFault.DOES_NOTHING, 1)
        result = await bench.driver.pay(PRICE)
        assert b"\x06\xb0" in bench.terminal.heard
        found = await bench.driver.last_result()
        assert found is not None
        assert len(bench.terminal.book.kept) == 1
        shown(__doc__, result.outcome, found.outcome)
        await bench.ready()
        staff(__doc__, bench.driver.status)


async def test_completion_without_a_result_is_no_payment() -> None:
    async with over_tcp() as bench:
        assert (await bench.driver.pay(100)).outcome is CardOutcome.APPROVED
        await bench.ready()
        bench.terminal.inject(TerminalFault.SAYS_DONE, 1)
        assert (await bench.driver.pay(PRICE)).outcome is CardOutcome.UNKNOWN
        found = await bench.driver.last_result()
        assert found is not None
        assert found.outcome is CardOutcome.ABORTED
