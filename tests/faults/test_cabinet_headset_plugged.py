"""A resident who cannot see plugs a headset in: an event for the kiosk, not a fault.

Device: cabinet
Resident: (nothing yet: the kiosk does not speak)
Staff: none
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from drivers.cabinet.port import Sensor
from drivers.virtual.cabinet_lines import Wire
from tests.faults.cabinet_bench import a_box
from tests.faults.resident import staff


async def test_told_in_and_out(tmp_path: Path) -> None:
    async with a_box(tmp_path, "lines") as box:
        waiting = asyncio.create_task(box.cabinet.changed(box.cabinet.state))
        await box.lines.happen(Wire.HEADSET, True)
        plugged = await waiting
        assert plugged.sensors[Sensor.HEADSET] is True
        staff(__doc__, box.cabinet.status)
        assert box.cabinet.status.counters["headsets"] == 1
        await box.lines.happen(Wire.HEADSET, False)
        assert (await box.cabinet.changed(plugged)).sensors[Sensor.HEADSET] is False
