"""A code that is no account number: a web address, a parcel, another company's bill.

Device: code_scanner
Resident: 户号是 12 位数字，请对照账单再输一次
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from tests.drivers.link.waiting import until
from tests.faults.resident import sees, staff
from tests.faults.scanner_bench import ACCOUNT, bench


async def test_said_on_the_keypad(tmp_path: Path) -> None:
    async with bench(tmp_path) as b, b.house() as house:
        paying = await b.at_the_keypad(house)
        b.device.present("https://example.test/advert")
        await until(lambda: len(house.keypads()) == 2)
        sees(__doc__, house.keypads()[1].error)
        await until(lambda: b.device.beam)
        b.device.present(ACCOUNT)
        await paying
        assert len(house.world.slips) == 1
        staff(__doc__, b.scanner.status)
