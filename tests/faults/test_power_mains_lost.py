"""The mains fail: the supply's battery carries the terminal, for a while.

Device: cabinet
Resident: 停电了，本机正用电池，暂时不办理新业务
Staff: reset
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from drivers.cabinet.port import Mains
from drivers.status import DeviceState, SupplyState
from kiosk.journeys.device_texts import POWER
from tests.faults.cabinet_bench import a_box
from tests.faults.resident import sees, staff


async def test_nothing_new_is_started(tmp_path: Path) -> None:
    async with a_box(tmp_path, "ups") as box:
        assert box.tile() is None
        box.supply.says("OB DISCHRG", 97)
        await box.until(lambda c: c.state.power.mains is Mains.ON_BATTERY)
        assert box.tile() == POWER[Mains.ON_BATTERY]
        sees(__doc__, box.tile())
        staff(__doc__, box.cabinet.status)
        assert box.cabinet.status.device is DeviceState.ONLINE, "the cabinet does what it should"
        assert box.cabinet.status.supplies == {"battery": SupplyState.LOW}
        assert box.cabinet.status.levels["battery"] == 97
        assert box.cabinet.status.counters["mains_failures"] == 1
        box.supply.says("OL CHRG", 98)
        await box.until(lambda c: c.state.power.mains is Mains.ONLINE)
        assert box.tile() is None


async def test_a_moment_without_mains_is_not_noticed(tmp_path: Path) -> None:
    """Most failures are over before anybody has read a sentence about them."""
    async with a_box(tmp_path, "ups", ups={"on_battery_after_s": 60}) as box:
        box.supply.says("OB DISCHRG")
        await box.until(lambda c: c.status.counters["mains_failures"] == 1)
        assert box.tile() is None
        box.supply.says("OL CHRG")
        asked = box.supply.questions
        await box.until(lambda c: box.supply.questions > asked + 2)
        assert box.cabinet.state.power is not None
        assert box.cabinet.state.power.mains is Mains.ONLINE
        await asyncio.sleep(0)
