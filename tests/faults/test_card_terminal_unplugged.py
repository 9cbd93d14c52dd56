"""The terminal's cable is pulled out.

Device: card_terminal
Resident: 银行卡机暂时不能用，没有扣款。请换一种付款方式。
Staff: maintenance
"""

from __future__ import annotations

from drivers.card_terminal.port import CardOutcome
from drivers.status import DeviceState
from tests.drivers.link.waiting import until
from tests.faults.card_terminal_bench import PRICE, impatient, over_tcp, shown
from tests.faults.resident import staff


async def test_said_before_and_back_when_plugged_in() -> None:
    async with over_tcp(impatient(connect_grace=0.2)) as bench:
        await bench.terminal.unplug()
        await until(lambda: bench.driver.status.device is DeviceState.OFFLINE)
        staff(__doc__, bench.driver.status)
        shown(__doc__, (await bench.driver.pay(PRICE)).outcome)
        await bench.terminal.replug()
        await bench.ready()
        assert (await bench.driver.pay(PRICE)).outcome is CardOutcome.APPROVED
