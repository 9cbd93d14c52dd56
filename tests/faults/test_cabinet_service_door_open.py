"""The service door is open: a technician is at work, or has forgotten to close it.

Device: cabinet
Resident: (nothing: services go on until the technician takes the terminal out of service)
Staff: clear
"""

from __future__ import annotations

from pathlib import Path

from drivers.virtual.cabinet_lines import Wire
from tests.faults.cabinet_bench import a_box
from tests.faults.resident import staff


async def test_told_until_it_is_closed(tmp_path: Path) -> None:
    async with a_box(tmp_path, "lines") as box:
        await box.lines.happen(Wire.SERVICE_DOOR, True)
        await box.until(lambda c: not c.status.ready)
        assert box.cabinet.status.detail == "service door open, maintenance in progress"
        staff(__doc__, box.cabinet.status)
        assert box.cabinet.status.counters["service_door_openings"] == 1
        await box.lines.happen(Wire.SERVICE_DOOR, False)
        await box.until(lambda c: c.status.ready)
