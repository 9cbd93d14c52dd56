"""After a long failure the mains are back and the battery is still low: the supply says so, and it means no harm.

Device: cabinet
Resident: (nothing: services go on)
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from drivers.cabinet.port import Mains
from drivers.status import SupplyState
from tests.faults.cabinet_bench import a_box
from tests.faults.resident import staff


async def test_no_shutdown(tmp_path: Path) -> None:
    """A terminal that took LB for an order would shut down at every start until the battery is full."""
    async with a_box(tmp_path, "ups") as box:
        box.supply.says("OL CHRG LB", 12)
        await box.until(lambda c: c.status.levels["battery"] == 12)
        assert box.cabinet.state.power is not None
        assert box.cabinet.state.power.mains is Mains.ONLINE
        assert box.tile() is None
        assert box.cabinet.status.supplies == {"battery": SupplyState.LOW}, "not full at 12 %"
        box.supply.says("OL", 100)
        await box.until(lambda c: c.status.supplies == {"battery": SupplyState.FULL})
        staff(__doc__, box.cabinet.status)
