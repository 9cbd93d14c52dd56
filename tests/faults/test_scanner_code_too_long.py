"""A code of 5 KiB, more than any QR code holds.

Device: code_scanner
Resident: (nothing: it is dropped whole, and the next code is read)
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from tests.drivers.link.waiting import until
from tests.faults.resident import staff
from tests.faults.scanner_bench import ACCOUNT, bench


async def test_dropped_whole(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        asking = await b.asked()
        await b.device.burst(b"9" * 5120)
        await until(lambda: b.scanner.status.counters["codes_rejected"] == 1)
        assert not asking.done(), "neither its beginning nor its end is a code"
        await b.device.burst(ACCOUNT.encode())
        assert (await asking).text == ACCOUNT
        staff(__doc__, b.scanner.status)
