"""The disk is nearly full.

Device: cabinet
Resident: (nothing: there is still room for the journal)
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

from tests.faults.cabinet_bench import a_box, disk
from tests.faults.resident import staff


async def test_told_before_it_is_full(tmp_path: Path) -> None:
    async with a_box(tmp_path, "storage", storage={"least_free_mb": 300}) as box:
        box.cabinet.parts.storage._statvfs = lambda path: disk(free_bytes=299 * 1024 * 1024)  # type: ignore[union-attr]
        await box.until(lambda c: c.status.detail == "disk full: less than 300 MiB free")
        staff(__doc__, box.cabinet.status)
        assert box.cabinet.state.storage is not None
        assert box.cabinet.state.storage.read_only is False
        assert box.cabinet.state.storage.free_bytes == 299 * 1024 * 1024
        assert box.tile() is None
