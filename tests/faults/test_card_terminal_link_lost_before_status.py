"""The link breaks after the bank approved, before the terminal could say so.

Device: card_terminal
Resident: 正在向银行核对这笔付款。请不要再付一次；没有付成的钱会原路退回。已经付款
Staff: reset
"""

from __future__ import annotations

from drivers.card_terminal.port import CardOutcome
from drivers.virtual.zvt_terminal_scenario import CutPlan
from tests.drivers.link.waiting import until
from tests.faults.card_terminal_bench import PRICE, cleared, over_tcp, shown
from tests.faults.resident import staff


async def test_asked_and_found() -> None:
    async with over_tcp() as bench:
        bench.terminal.cut_plan = CutPlan(control=b"\x04\x0f")
        result = await bench.driver.pay(PRICE)
        assert result.outcome is CardOutcome.UNKNOWN
        await until(lambda: bench.driver.status.detail == "a payment is in doubt")
        staff(__doc__, bench.driver.status)
        found = await cleared(bench)
        assert (found.outcome, found.receipt) == (CardOutcome.APPROVED, 470)
        shown(__doc__, result.outcome, found.outcome)


async def test_the_terminal_gave_it_back_by_itself() -> None:
    """Some do when nobody acknowledges; whether it saw the acknowledgement, only it knows."""
    async with over_tcp(gives_back_unconfirmed=True) as bench:
        bench.terminal.cut_plan = CutPlan(control=b"\x04\x0f")
        assert (await bench.driver.pay(PRICE)).outcome is CardOutcome.UNKNOWN
        assert (await cleared(bench)).outcome is CardOutcome.ABORTED
