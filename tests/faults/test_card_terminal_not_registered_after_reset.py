"""The terminal was switched off and on and has forgotten the kiosk.

Device: card_terminal
Resident: 已经付款
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from drivers.card_terminal.port import CardOutcome
from tests.faults.card_terminal_bench import PRICE, impatient, over_serial, over_tcp, shown
from tests.faults.resident import staff


async def test_registered_again_before_the_payment(tmp_path: Path) -> None:
    """Over a serial line nobody notices; but a terminal not heard for a while is registered with again anyway."""
    async with over_serial(tmp_path, impatient(fresh=0.0)) as bench:
        bench.terminal.registered = False
        result = await bench.driver.pay(PRICE)
        shown(__doc__, result.outcome)
        staff(__doc__, bench.driver.status)


async def test_switched_off_and_on_in_the_network() -> None:
    async with over_tcp(impatient(fresh=0.0)) as bench:
        await bench.terminal.power_cycle()
        assert (await bench.driver.pay(PRICE)).outcome is CardOutcome.APPROVED


async def test_a_moment_before_the_payment(tmp_path: Path) -> None:
    """The refusal itself says so, nothing was taken, and the kiosk registers at once."""
    async with over_serial(tmp_path) as bench:
        bench.terminal.registered = False
        refused = await bench.driver.pay(PRICE)
        assert (refused.outcome, refused.code) == (CardOutcome.NOT_POSSIBLE, 0x6B)
        await bench.ready()
        assert (await bench.driver.pay(PRICE)).outcome is CardOutcome.APPROVED
        assert len(bench.terminal.book.payments) == 1
