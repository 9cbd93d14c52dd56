"""The terminal tells card numbers and tracks although nobody wants them, and prints one unmasked.

Device: card_terminal
Resident: 已经付款
Staff: none
"""

from __future__ import annotations

from drivers.link.trace import Traced, watch
from drivers.virtual.zvt_terminal_scenario import TerminalFault
from tests.drivers.card_terminal.pan_search import seen_in
from tests.faults.card_terminal_bench import PRICE, over_tcp, shown
from tests.faults.resident import staff


async def test_dropped_while_it_is_read() -> None:
    """More of it in tests/drivers/card_terminal/test_pan_never_seen.py."""
    traces: list[Traced] = []
    with watch(traces.append):
        async with over_tcp() as bench:
            bench.terminal.inject(TerminalFault.UNMASKED_SLIP)
            result = await bench.driver.pay(PRICE)
            assert "卡号: **** **** **** ****" in result.slip
            assert seen_in([repr(result), *(bytes(b or 0 for b in each.data) for each in traces)]) == []
            shown(__doc__, result.outcome)
            staff(__doc__, bench.driver.status)
