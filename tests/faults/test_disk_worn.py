"""The disk has used up the life its maker promises: it must be replaced before it fails.

Device: cabinet
Resident: (nothing: services go on)
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

from tests.faults.cabinet_bench import a_box
from tests.faults.resident import staff


async def test_told_in_time(tmp_path: Path) -> None:
    async with a_box(tmp_path, "storage") as box:
        await box.until(lambda c: c.status.levels == {"disk_life": 90})
        box.sysfs.set_disk_wear(95)
        await box.until(lambda c: c.status.levels == {"disk_life": 0})
        assert box.cabinet.status.detail == "disk worn: 90 % of its promised life used"
        staff(__doc__, box.cabinet.status)
        assert box.cabinet.status.ready, "it still works"
        assert box.tile() is None
