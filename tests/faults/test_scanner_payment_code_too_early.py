"""A payment code is held up where the account number is asked for.

Device: code_scanner
Resident: (nothing: it is not taken for an account, and the bill's code is read after it)
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from tests.drivers.link.waiting import until
from tests.faults.resident import staff
from tests.faults.scanner_bench import ACCOUNT, ALIPAY, bench


async def test_not_taken_for_an_account(tmp_path: Path) -> None:
    async with bench(tmp_path) as b, b.house() as house:
        paying = await b.at_the_keypad(house)
        b.device.present(ALIPAY)
        await until(lambda: b.scanner.status.counters["codes_read"] == 1)
        await until(lambda: b.device.beam)
        b.device.present(ACCOUNT)
        await paying
        assert house.accounts == [ACCOUNT]
        assert [keypad.error for keypad in house.keypads()] == [None]
        staff(__doc__, b.scanner.status)
