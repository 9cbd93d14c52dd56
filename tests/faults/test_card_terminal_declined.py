"""The bank declines the payment.

Device: card_terminal
Resident: 银行没有同意付款。银行没有同意这笔付款，没有扣款。请换一张卡或换一种付款方式。
Staff: none
"""

from __future__ import annotations

from drivers.card_terminal.port import CardOutcome, CardPrompt
from drivers.virtual.zvt_terminal_scenario import Tap
from tests.faults.card_terminal_bench import PRICE, over_tcp, shown
from tests.faults.resident import staff


async def test_told_so_and_nothing_taken() -> None:
    prompts: list[CardPrompt] = []
    async with over_tcp(auto=Tap.DECLINED) as bench:
        result = await bench.driver.pay(PRICE, prompts.append)
        assert CardPrompt.DECLINED in prompts
        assert bench.terminal.book.kept == []
        shown(__doc__, CardPrompt.DECLINED, result.outcome)
        staff(__doc__, bench.driver.status)
        bench.terminal.auto = Tap.PAY
        assert (await bench.driver.pay(PRICE)).outcome is CardOutcome.APPROVED, "another card can be used at once"
