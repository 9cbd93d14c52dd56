"""The wire to a door contact breaks, or is cut: that reads as an open door, never as a closed one.

Device: cabinet
Resident: (nothing: services go on)
Staff: clear
"""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.cabinet.port import Sensor
from drivers.virtual.cabinet_lines import Wire
from tests.faults.cabinet_bench import a_box
from tests.faults.resident import staff


async def test_it_alarms(tmp_path: Path) -> None:
    async with a_box(tmp_path, "lines") as box:
        box.lines.cut(Wire.DOOR)
        await box.until(lambda c: c.state.sensors[Sensor.DOOR])
        staff(__doc__, box.cabinet.status)
        await box.lines.happen(Wire.DOOR, True)
        await box.lines.happen(Wire.DOOR, False)
        assert box.cabinet.state.sensors[Sensor.DOOR], "closing the door does not mend the wire"
        box.lines.mend(Wire.DOOR)
        await box.until(lambda c: c.status.ready)


@pytest.mark.parametrize("wire", list(Wire))
async def test_every_sensor_then_says_what_is_safe(tmp_path: Path, wire: Wire) -> None:
    """Private speech must not come from a loudspeaker because a headset's wire is broken; a fan must not be believed
    to turn."""
    async with a_box(tmp_path, "lines", lines={"fan": {"line": "fan", "debounce_ms": 30}}) as box:
        sensor = Sensor(wire.value)
        safe = sensor not in (Sensor.HEADSET, Sensor.FAN)
        await box.lines.happen(wire, not safe)
        await box.until(lambda c: c.state.sensors[sensor] is not safe)
        box.lines.cut(wire)
        await box.until(lambda c: c.state.sensors[sensor] is safe)
