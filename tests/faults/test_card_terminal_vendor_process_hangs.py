"""The vendor's library hangs in the middle of a payment.

Device: card_terminal
Resident: 正在向银行核对这笔付款。请不要再付一次；没有付成的钱会原路退回。
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from drivers.card_terminal.port import CardOutcome
from tests.faults.card_terminal_bench import PRICE, bridge, shown
from tests.faults.resident import staff


async def test_killed_and_started_again(tmp_path: Path) -> None:
    async with bridge(tmp_path, "hang@", payment=1.0, after_cancel=0.1, exit=0.1) as bench:
        hung = bench.pid
        result = await bench.driver.pay(PRICE)
        shown(__doc__, result.outcome)
        assert await bench.driver.last_result() is None, "this terminal never had a transaction: it cannot tell"
        await bench.ready()
        assert bench.pid != hung
        assert (await bench.driver.pay(PRICE)).outcome is CardOutcome.APPROVED
        staff(__doc__, bench.driver.status)
