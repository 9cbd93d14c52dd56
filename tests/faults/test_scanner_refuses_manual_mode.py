"""The scanner answers NAK to manual mode: it may read before it is asked.

Device: code_scanner
Resident: (nothing: codes are read; what comes unasked does not count)
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.status import Action
from drivers.virtual.code_scanner import ScannerFault
from tests.drivers.link.waiting import until
from tests.faults.resident import staff
from tests.faults.scanner_bench import ACCOUNT, OTHER_ACCOUNT, bench


@pytest.mark.parametrize("family", ["honeywell", "newland"])
async def test_it_is_used_and_reported(tmp_path: Path, family: str) -> None:
    async with bench(tmp_path, ScannerFault.NAK, family=family) as b:
        staff(__doc__, b.scanner.status)
        assert "refused" in b.scanner.status.detail
        await b.device.burst(OTHER_ACCOUNT.encode())
        await until(lambda: b.scanner.status.counters["codes_unasked"])
        asking = await b.asked()
        b.device.present(ACCOUNT)
        assert (await asking).text == ACCOUNT
        b.device.clear()
        await until(lambda: b.scanner.status.action is Action.NONE)
