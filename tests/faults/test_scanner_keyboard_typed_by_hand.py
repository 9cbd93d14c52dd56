"""Somebody has plugged a keyboard in where the scanner was, and types.

Device: code_scanner
Resident: (nothing: a person is too slow for a scanner; the pieces of it make no code)
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from tests.drivers.link.waiting import until
from tests.faults.resident import staff
from tests.faults.scanner_bench import ACCOUNT, BILL, asked, keyboard_bench


async def test_no_code(tmp_path: Path) -> None:
    async with keyboard_bench(tmp_path) as (device, scanner):
        asking = await asked(scanner, BILL, lambda: scanner._inbox._wanted is not None)
        await device.scan(ACCOUNT, key_period_s=0.15)
        await until(lambda: scanner.status.counters["codes_rejected"] == 1)
        assert not asking.done()
        await device.scan(ACCOUNT)
        assert (await asking).text == ACCOUNT
        staff(__doc__, scanner.status)
