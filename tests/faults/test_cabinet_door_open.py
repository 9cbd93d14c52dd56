"""The front door stands open.

Device: cabinet
Resident: (nothing: services go on)
Staff: clear
"""

from __future__ import annotations

from pathlib import Path

from drivers.cabinet.port import Sensor
from drivers.status import DeviceState
from drivers.virtual.cabinet_lines import Wire
from tests.faults.cabinet_bench import a_box
from tests.faults.resident import staff


async def test_a_clerk_can_close_it(tmp_path: Path) -> None:
    async with a_box(tmp_path, "lines", speed=0.15) as box:  # it bounces every 13 ms, for 80 ms
        await box.lines.happen(Wire.DOOR, True)
        await box.until(lambda c: c.state.sensors[Sensor.DOOR])
        staff(__doc__, box.cabinet.status)
        assert box.cabinet.status.device is DeviceState.USER_ERROR
        assert box.cabinet.status.detail == "door open"
        assert box.cabinet.status.counters["door_openings"] == 1, "it bounced, and was opened once"
        assert box.tile() is None
        await box.lines.happen(Wire.DOOR, False)
        await box.until(lambda c: c.status.ready)
