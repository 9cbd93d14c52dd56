"""The supply's data cable is out: upsd answers, but knows nothing new.

Device: cabinet
Resident: (nothing: services go on)
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.cabinet.port import Mains
from drivers.virtual.ups_server import UpsFault
from tests.faults.cabinet_bench import a_box
from tests.faults.resident import staff


@pytest.mark.parametrize(
    ("fault", "detail"),
    [
        (UpsFault.DATA_STALE, "power supply not heard: its driver gets no data from it"),
        (UpsFault.DRIVER_NOT_CONNECTED, "power supply not heard: its driver does not run"),
    ],
)
async def test_old_values_are_not_believed(tmp_path: Path, fault: UpsFault, detail: str) -> None:
    async with a_box(tmp_path, "ups") as box:
        box.supply.fault = fault
        await box.until(lambda c: c.status.detail == detail)
        assert box.cabinet.state.power is not None
        assert box.cabinet.state.power.mains is Mains.UNKNOWN
        assert box.cabinet.state.power.battery_percent is None
        assert "battery" not in box.cabinet.status.levels
        staff(__doc__, box.cabinet.status)
        assert box.tile() is None
        box.supply.fault = None
        await box.until(lambda c: c.status.ready)
