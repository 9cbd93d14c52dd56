"""The box is too hot.

Device: cabinet
Resident: (nothing: services go on)
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

from drivers.status import DeviceState
from tests.faults.cabinet_bench import a_box
from tests.faults.resident import staff


async def test_a_technician_is_told(tmp_path: Path) -> None:
    async with a_box(tmp_path, "temperature") as box:
        box.sysfs.set_temperature(93.5)
        await box.until(lambda c: c.status.device is DeviceState.HARDWARE_ERROR)
        assert box.cabinet.state.temperature_c == 93.5
        assert box.cabinet.status.detail == "too hot: over 80 °C", (
            "without the degrees: a detail is news when it changes"
        )
        staff(__doc__, box.cabinet.status)
        assert box.tile() is None
        box.sysfs.set_temperature(60)
        await box.until(lambda c: c.status.ready)
