"""Against NUT's own upsd and dummy-ups."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from drivers.cabinet.nut_client import NutSettings
from drivers.cabinet.port import Mains
from drivers.cabinet.power_policy import PowerTimings
from drivers.cabinet.ups import UpsPart
from drivers.virtual.power_supply import VirtualPowerSupply, missing_programs
from tests.drivers.link.waiting import until

pytestmark = pytest.mark.skipif(bool(missing_programs()), reason="nut-server is not installed")


def _servers() -> set[int]:
    return {child.pid for child in psutil.Process().children() if child.name() in ("upsd", "dummy-ups")}


async def test_a_day_in_the_life_of_a_supply(tmp_path: Path) -> None:
    others = _servers()  # of a cabinet that other tests of this process share
    supply = VirtualPowerSupply(tmp_path / "nut")
    part = UpsPart(
        NutSettings(port=supply.port, ups=supply.name), PowerTimings(poll=0.05, on_battery_after=0.2, silent_after=0.3)
    )
    await supply.start()
    await part.open(lambda: None)
    try:
        await until(lambda: part.power.mains is Mains.ONLINE)
        assert (part.power.battery_percent, part.power.runtime_s) == (100, 1800)
        assert part.identity == "Menkou Virtual Supply 650"
        await supply.mains_off()
        await until(lambda: part.power.mains is Mains.ON_BATTERY)
        await supply.battery_low()
        await until(lambda: part.power.mains is Mains.BATTERY_LOW)
        assert part.power.battery_percent == 9
        await supply.mains_on()
        await until(lambda: part.power.mains is Mains.ONLINE)
        assert part.counters == {"mains_failures": 1}
        await supply.unplug()
        await until(lambda: part.trouble is not None)
        assert part.trouble is not None
        assert part.trouble.detail == "power supply not heard: its driver does not run"
        assert part.power.mains is Mains.UNKNOWN
        await supply.stop_server()
        await until(lambda: part.trouble is not None and "not there" in part.trouble.detail)
    finally:
        await part.close()
        await supply.stop()
    assert not _servers() - others


async def test_a_folder_too_deep_for_a_socket(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="too long"):
        await VirtualPowerSupply(tmp_path / ("x" * 100)).start()
