"""The resident enters a wrong PIN, and then the right one.

Device: card_terminal
Resident: 密码不对，请再输一次
Staff: none
"""

from __future__ import annotations

from drivers.card_terminal.port import CardOutcome, CardPrompt
from drivers.virtual.zvt_terminal_scenario import Tap
from tests.faults.card_terminal_bench import PRICE, over_tcp, shown
from tests.faults.resident import staff


async def test_asked_again() -> None:
    prompts: list[CardPrompt] = []
    async with over_tcp(auto=Tap.WRONG_PIN) as bench:
        result = await bench.driver.pay(PRICE, prompts.append)
        first, second = CardPrompt.ENTER_PIN, CardPrompt.WRONG_PIN
        assert prompts[1:4] == [first, second, first]
        assert result.outcome is CardOutcome.APPROVED
        assert len(bench.terminal.book.kept) == 1
        shown(__doc__, CardPrompt.WRONG_PIN)
        staff(__doc__, bench.driver.status)
