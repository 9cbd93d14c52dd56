"""The scanner takes commands and says nothing.

Device: code_scanner
Resident: (nothing is said of scanning; the number is typed)
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

from drivers.status import DeviceState
from drivers.virtual.code_scanner import ScannerFault
from tests.drivers.link.waiting import until
from tests.faults.resident import staff
from tests.faults.scanner_bench import ACCOUNT, bench


async def test_unknown_is_not_ready(tmp_path: Path) -> None:
    async with bench(tmp_path, ScannerFault.SILENT, ready=False, answer=0.1) as b:
        await until(lambda: b.scanner.status.device is DeviceState.OFFLINE)
        staff(__doc__, b.scanner.status)
        async with b.house(Keypad=ACCOUNT) as house:
            await house.water()
            assert [keypad.can_scan for keypad in house.keypads()] == [False]
        b.device.clear()
        await until(lambda: b.scanner.status.ready)


async def test_it_falls_silent_at_rest(tmp_path: Path) -> None:
    async with bench(tmp_path, answer=0.1) as b:
        b.device.inject(ScannerFault.SILENT)
        await until(lambda: not b.scanner.status.ready)
        staff(__doc__, b.scanner.status)
