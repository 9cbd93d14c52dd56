"""Two codes come in one piece: two bills side by side under the window.

Device: code_scanner
Resident: (nothing: the first one counts, and the bill is shown to be confirmed)
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from tests.faults.resident import staff
from tests.faults.scanner_bench import ACCOUNT, OTHER_ACCOUNT, bench


async def test_the_first_counts(tmp_path: Path) -> None:
    async with bench(tmp_path) as b, b.house() as house:
        paying = await b.at_the_keypad(house)
        await b.device.burst(ACCOUNT.encode(), OTHER_ACCOUNT.encode())
        await paying
        assert house.accounts == [ACCOUNT]
        assert "Review" in house.stage.kinds()
        staff(__doc__, b.scanner.status)
