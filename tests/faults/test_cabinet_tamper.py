"""Somebody prises the box open: the tamper loop breaks.

Device: cabinet
Resident: (nothing: the staff are told)
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

from drivers.cabinet.port import Sensor
from drivers.status import DeviceState
from drivers.virtual.cabinet_lines import Wire
from tests.faults.cabinet_bench import a_box
from tests.faults.resident import staff


async def test_worse_than_any_other_trouble(tmp_path: Path) -> None:
    async with a_box(tmp_path, "lines", "temperature") as box:
        box.sysfs.set_temperature(95)
        await box.lines.happen(Wire.TAMPER, True)
        await box.until(lambda c: c.state.sensors[Sensor.TAMPER] and c.state.temperature_c > 90)
        assert box.cabinet.status.device is DeviceState.FRAUD_ATTEMPT
        assert box.cabinet.status.detail.startswith("tamper loop open; ")
        assert box.cabinet.status.counters["tampers"] == 1
        staff(__doc__, box.cabinet.status)
        assert box.tile() is None
