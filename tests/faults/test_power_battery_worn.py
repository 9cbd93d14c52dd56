"""The supply's own test finds its battery worn out.

Device: cabinet
Resident: (nothing: services go on)
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

from tests.faults.cabinet_bench import a_box
from tests.faults.resident import staff


async def test_a_technician_is_asked_for(tmp_path: Path) -> None:
    async with a_box(tmp_path, "ups") as box:
        box.supply.says("OL RB")
        await box.until(lambda c: c.state.power.replace_battery)
        staff(__doc__, box.cabinet.status)
        assert box.cabinet.status.detail == "battery of the power supply must be replaced"
        assert box.cabinet.status.ready
        assert box.tile() is None
