"""The vendor's library crashes in the middle of a payment.

Device: card_terminal
Resident: 正在向银行核对这笔付款。请不要再付一次；没有付成的钱会原路退回。已经付款
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from drivers.card_terminal.port import CardOutcome
from tests.faults.card_terminal_bench import PRICE, bridge, shown
from tests.faults.resident import staff


async def test_started_again_and_asked(tmp_path: Path) -> None:
    async with bridge(tmp_path, "crash-after@") as bench:
        result = await bench.driver.pay(PRICE)
        found = await bench.driver.last_result()
        assert found is not None
        assert [each["amount"] for each in bench.transactions] == [PRICE]
        shown(__doc__, result.outcome, found.outcome)
        await bench.ready()
        assert (await bench.driver.pay(PRICE)).outcome is CardOutcome.APPROVED
        staff(__doc__, bench.driver.status)
