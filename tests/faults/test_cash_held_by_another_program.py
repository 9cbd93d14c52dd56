"""Another program has the acceptor's line open.

Device: cash
Resident: 现金投币口暂时不能用
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

import serial

from drivers.cash.ssp_driver import SspAcceptor
from drivers.status import DeviceState
from drivers.virtual.itl_ssp import VirtualSspValidator
from kiosk.journeys.device_texts import NO_CASH
from tests.drivers.link.waiting import until
from tests.faults.cash_bench import ssp_settings
from tests.faults.resident import sees, staff


async def test_until_it_lets_go(tmp_path: Path) -> None:
    unit = VirtualSspValidator(tmp_path / "cash")
    await unit.start()
    other = serial.Serial(str(unit.pty.path), exclusive=True)
    cash = SspAcceptor(ssp_settings(unit.pty.path))
    await cash.open()
    await until(lambda: cash.status.device is DeviceState.OFFLINE)
    staff(__doc__, cash.status)
    sees(__doc__, NO_CASH)
    assert not unit.commands, "not a byte was sent into somebody else's conversation"
    other.close()
    await until(lambda: cash.status.ready)
    await cash.close()
    await unit.stop()
