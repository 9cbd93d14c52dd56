"""A code comes although no screen asks for one: the beam was on, or somebody played with a code.

Device: code_scanner
Resident: (nothing: it answers no later question)
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from tests.drivers.link.waiting import until
from tests.faults.resident import staff
from tests.faults.scanner_bench import ACCOUNT, OTHER_ACCOUNT, bench


async def test_it_answers_no_later_question(tmp_path: Path) -> None:
    async with bench(tmp_path) as b, b.house() as house:
        await b.device.burst(OTHER_ACCOUNT.encode())
        await until(lambda: b.scanner.status.counters["codes_unasked"] == 1)
        paying = await b.at_the_keypad(house)
        b.device.present(ACCOUNT)
        await paying
        assert house.accounts == [ACCOUNT]
        staff(__doc__, b.scanner.status)
