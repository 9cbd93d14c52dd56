"""The battery is nearly empty: nothing new is begun, and every tile says why. The shutting down is upsmon's.

Device: cabinet
Resident: 停电了，本机马上关机。请取走您的证件和纸张。
Staff: clear
"""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.cabinet.port import Mains
from drivers.status import SupplyState
from kiosk.journeys.device_texts import POWER
from tests.faults.cabinet_bench import a_box
from tests.faults.resident import sees, staff


@pytest.mark.parametrize("status", ["OB DISCHRG LB", "FSD OB LB", "OL FSD"])
async def test_told_at_once(tmp_path: Path, status: str) -> None:
    """Not after the patience for short failures: there is no time left."""
    async with a_box(tmp_path, "ups", ups={"on_battery_after_s": 600}) as box:
        box.supply.says(status, 8)
        await box.until(lambda c: c.state.power.mains is Mains.BATTERY_LOW)
        assert box.tile() == POWER[Mains.BATTERY_LOW]
        sees(__doc__, box.tile())
        staff(__doc__, box.cabinet.status)
        assert not box.cabinet.status.ready
        assert box.cabinet.status.supplies == {"battery": SupplyState.OUT}
