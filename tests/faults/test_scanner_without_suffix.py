"""The scanner was reset to its factory settings: nothing follows a code.

Device: code_scanner
Resident: (nothing: a tenth of a second of silence ends the code)
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from drivers.virtual.code_scanner import ScannerFault
from tests.faults.resident import staff
from tests.faults.scanner_bench import ACCOUNT, bench


async def test_silence_ends_it(tmp_path: Path) -> None:
    async with bench(tmp_path, ScannerFault.NO_SUFFIX) as b, b.house() as house:
        paying = await b.at_the_keypad(house)
        b.device.present(ACCOUNT)
        await paying
        assert house.accounts == [ACCOUNT]
        staff(__doc__, b.scanner.status)
