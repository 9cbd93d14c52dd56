"""The fan stands still while the box is warm.

Device: cabinet
Resident: (nothing: services go on)
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

from drivers.cabinet.port import Sensor
from drivers.status import Action
from drivers.virtual.box_sysfs import CHIP
from drivers.virtual.cabinet_lines import Wire
from tests.faults.cabinet_bench import a_box
from tests.faults.resident import staff

QUICK = {"fan": {"line": "fan", "debounce_ms": 30}}


async def test_missed_when_it_is_warm(tmp_path: Path) -> None:
    async with a_box(tmp_path, "lines", "temperature", lines=QUICK) as box:
        await box.lines.happen(Wire.FAN, False)
        await box.until(lambda c: c.state.sensors[Sensor.FAN] is False)
        assert box.cabinet.status.action is Action.NONE, "a fan with a thermostat stands still while it is cool"
        box.sysfs.set_temperature(62)
        await box.until(lambda c: c.status.detail == "fan stands still")
        staff(__doc__, box.cabinet.status)
        assert box.cabinet.status.ready
        assert box.tile() is None


async def test_a_fan_on_the_mainboard(tmp_path: Path) -> None:
    """Its speed is measured; without a thermometer it is missed at once."""
    sysfs = {"hwmon": CHIP, "sysfs": str(tmp_path / "sys"), "poll_s": 0.05}
    async with a_box(tmp_path, "fan", fan=sysfs) as box:
        assert box.cabinet.state.sensors == {Sensor.FAN: True}
        box.sysfs.set_fan(0)
        await box.until(lambda c: c.status.action is Action.MAINTENANCE)
        assert box.cabinet.status.detail == "fan stands still"
        staff(__doc__, box.cabinet.status)
