"""Somebody kicks the box: its vibration contact opens and closes dozens of times.

Device: cabinet
Resident: (nothing)
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from drivers.cabinet.port import CabinetState, Sensor
from drivers.virtual.cabinet_lines import Wire
from tests.faults.cabinet_bench import a_box
from tests.faults.resident import staff


async def test_one_kick_is_one_event(tmp_path: Path) -> None:
    async with a_box(tmp_path, "lines", lines={"vibration": {"line": "vibration", "debounce_ms": 800}}) as box:
        seen: list[CabinetState] = [box.cabinet.state]
        await box.lines.shake(pulses=60)
        await box.until(lambda c: c.state.sensors[Sensor.VIBRATION])
        seen.append(box.cabinet.state)
        assert (await box.cabinet.changed(seen[-1])).sensors[Sensor.VIBRATION] is False, "over some time later"
        assert box.cabinet.status.counters["vibrations"] == 1
        staff(__doc__, box.cabinet.status)
        assert box.tile() is None


async def test_a_door_is_not_debounced_away(tmp_path: Path) -> None:
    """A single short pulse counts: a shock lasts no longer."""
    async with a_box(tmp_path, "lines") as box:
        box.lines._set(Wire.VIBRATION, False)
        box.lines._set(Wire.VIBRATION, True)
        await box.until(lambda c: c.state.sensors[Sensor.VIBRATION])
