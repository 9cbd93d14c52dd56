"""The terminal is busy with itself.

Device: card_terminal
Resident: 银行卡机暂时不能用，没有扣款。请换一种付款方式。
Staff: none
"""

from __future__ import annotations

from drivers.virtual.zvt_terminal_scenario import TerminalFault
from tests.drivers.link.waiting import until
from tests.faults.card_terminal_bench import PRICE, impatient, over_tcp, shown
from tests.faults.resident import staff


async def test_refused_after_a_while() -> None:
    async with over_tcp(impatient(busy_grace=0.2, enquiry_interval=0.05)) as bench:
        bench.terminal.inject(TerminalFault.BUSY)
        result = await bench.driver.pay(PRICE)
        shown(__doc__, result.outcome)
        staff(__doc__, bench.driver.status)
        assert not bench.driver.status.ready, "the next resident is not offered it"
        bench.terminal.clear()
        await until(lambda: bench.driver.status.ready)
