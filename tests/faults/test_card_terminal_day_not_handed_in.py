"""The terminal takes no payments until the day before is handed in.

Device: card_terminal
Resident: 银行卡机暂时不能用，没有扣款。请换一种付款方式。
Staff: reset
"""

from __future__ import annotations

from drivers.card_terminal.port import CardOutcome
from drivers.virtual.zvt_terminal_scenario import TerminalFault
from tests.faults.card_terminal_bench import PRICE, over_tcp, shown
from tests.faults.resident import staff


async def test_refused_until_then() -> None:
    async with over_tcp() as bench:
        bench.terminal.inject(TerminalFault.OPEN_END_OF_DAY)
        result = await bench.driver.pay(PRICE)
        shown(__doc__, result.outcome)
        staff(__doc__, bench.driver.status)
        assert (await bench.driver.end_of_day()).done
        assert (await bench.driver.pay(PRICE)).outcome is CardOutcome.APPROVED
