"""The scanner is pulled out while the screen asks for the account.

Device: code_scanner
Resident: (the keypad stays: the number is typed; on the next screen nothing is said of scanning)
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

from drivers.status import DeviceState
from tests.drivers.link.waiting import until
from tests.faults.resident import BILL, staff, tile
from tests.faults.scanner_bench import ACCOUNT, bench
from tests.kiosk.journeys.fakes import Wait


async def test_the_number_is_typed(tmp_path: Path) -> None:
    async with bench(tmp_path) as b, b.house(Keypad=[Wait(0.3, ACCOUNT), ACCOUNT]) as house:
        paying = await b.at_the_keypad(house)
        b.device.unplug()
        await paying
        assert len(house.world.slips) == 1
        await until(lambda: b.scanner.status.device is DeviceState.OFFLINE)
        staff(__doc__, b.scanner.status)
        assert tile(BILL, house.terminal.devices) is None, "no service needs it"
        await house.water()
        assert [keypad.can_scan for keypad in house.keypads()] == [True, False]


async def test_a_code_held_there_when_it_is_back(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        asking = await b.asked()
        b.device.unplug()
        await until(lambda: b.scanner.status.device is DeviceState.OFFLINE)
        b.device.replug()
        await until(lambda: b.device.beam)
        b.device.present(ACCOUNT)
        assert (await asking).text == ACCOUNT
