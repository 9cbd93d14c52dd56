"""Nobody answers for the power supply: upsd hangs, or breaks off, or talks nonsense.

Device: cabinet
Resident: (nothing: silence does not say that the mains failed)
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.cabinet.nut_client import NutSettings
from drivers.cabinet.port import Mains
from drivers.cabinet.power_policy import PowerTimings
from drivers.cabinet.ups import UpsPart
from drivers.status import DeviceState
from drivers.virtual.ups_server import UpsFault
from tests.drivers.link.waiting import until
from tests.faults.cabinet_bench import a_box
from tests.faults.resident import staff


@pytest.mark.parametrize("fault", [UpsFault.HALF, UpsFault.GARBAGE, UpsFault.ENDLESS, UpsFault.HANGS_UP])
async def test_a_technician_must_come(tmp_path: Path, fault: UpsFault) -> None:
    async with a_box(tmp_path, "ups") as box:
        box.supply.fault = fault
        await box.until(lambda c: c.state.power.mains is Mains.UNKNOWN)
        staff(__doc__, box.cabinet.status)
        assert box.cabinet.status.device is DeviceState.UNKNOWN
        assert box.tile() is None
        box.supply.fault = None
        await box.until(lambda c: c.state.power.mains is Mains.ONLINE and c.status.ready)


async def test_no_answer_at_all(tmp_path: Path) -> None:
    async with a_box(tmp_path, "ups", healthy=False) as box:
        box.supply.fault = UpsFault.SILENT
        part = UpsPart(NutSettings(port=box.supply.port, answer_s=0.1), PowerTimings(poll=0.02))
        await part.open(lambda: None)
        await until(lambda: part.trouble is not None)
        assert part.trouble is not None
        assert part.trouble.detail == "power supply not heard: upsd does not answer"
        assert part.power.mains is Mains.UNKNOWN
        await part.close()


async def test_silence_during_a_failure_is_not_the_end_of_it(tmp_path: Path) -> None:
    """upsd is among the first to stop when a machine shuts down: what was heard last holds."""
    async with a_box(tmp_path, "ups") as box:
        box.supply.says("OB LB")
        await box.until(lambda c: c.state.power.mains is Mains.BATTERY_LOW)
        await box.supply.stop()
        await box.until(lambda c: "not heard" in c.status.detail)
        assert box.cabinet.state.power is not None
        assert box.cabinet.state.power.mains is Mains.BATTERY_LOW
