"""The resident enters a wrong PIN three times.

Device: card_terminal
Resident: 银行没有同意这笔付款，没有扣款。请换一张卡或换一种付款方式。
Staff: none
"""

from __future__ import annotations

from drivers.card_terminal.port import CardPrompt
from drivers.virtual.zvt_terminal_scenario import Tap
from tests.faults.card_terminal_bench import PRICE, over_tcp, shown
from tests.faults.resident import staff


async def test_declined() -> None:
    prompts: list[CardPrompt] = []
    async with over_tcp(auto=Tap.PIN_BLOCKED) as bench:
        result = await bench.driver.pay(PRICE, prompts.append)
        assert prompts.count(CardPrompt.WRONG_PIN) == 2
        assert bench.terminal.book.kept == []
        shown(__doc__, result.outcome)
        staff(__doc__, bench.driver.status)
