"""The serial line runs at another speed than the scanner: nothing it says can be understood.

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
from tests.faults.scanner_bench import bench


async def test_never_ready(tmp_path: Path) -> None:
    async with bench(tmp_path, ScannerFault.GARBLED, ready=False, answer=0.1) as b:
        await until(lambda: b.scanner.status.device is DeviceState.OFFLINE)
        staff(__doc__, b.scanner.status)
        assert "silent" in b.scanner.status.detail
        b.device.clear()
        await until(lambda: b.scanner.status.ready)
