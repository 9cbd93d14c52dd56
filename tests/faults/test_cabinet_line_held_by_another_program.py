"""Another program has taken one of the lines.

Device: cabinet
Resident: (nothing: services go on)
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

from drivers.status import DeviceState
from tests.faults.cabinet_bench import a_box
from tests.faults.resident import staff


async def test_it_is_named(tmp_path: Path) -> None:
    async with a_box(tmp_path, "lines", "ups", healthy=False) as box:
        box.lines.hold("tamper", "gpiomon")
        await box.cabinet.open()
        await box.until(lambda c: c.status.device is DeviceState.HARDWARE_ERROR)
        detail = "lines: line tamper is held by another program (gpiomon)"
        assert box.cabinet.status.detail.split("; ")[0] == detail
        staff(__doc__, box.cabinet.status)
        assert box.cabinet.state.sensors == {}, "what is not seen is not said to be closed"
        box.lines.release("tamper")
        await box.until(lambda c: c.status.ready and c.state.sensors)
