"""The acceptor was delivered for another currency, or with values no note has.

Device: cash
Resident: 现金投币口暂时不能用
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.cash.ssp_driver import SspAcceptor
from drivers.status import DeviceState
from drivers.virtual.itl_ssp import VirtualSspValidator
from kiosk.journeys.device_texts import NO_CASH
from tests.drivers.link.waiting import until
from tests.faults.cash_bench import ALL, ssp_settings
from tests.faults.resident import sees, staff


@pytest.mark.parametrize(
    ("currency", "yuan", "detail"),
    [
        ("EUR", (5, 10, 20), "unit is set up for EUR, not CNY"),
        ("CNY", (5, 10, 200), "channel 3 has the impossible value 20000"),
        ("CNY", (0, 0, 0), "unit takes no CNY"),
    ],
)
async def test_never_ready(tmp_path: Path, currency: str, yuan: tuple[int, ...], detail: str) -> None:
    unit = VirtualSspValidator(tmp_path / "cash", currency=currency, yuan=yuan)
    await unit.start()
    cash = SspAcceptor(ssp_settings(unit.pty.path))
    await cash.open()
    await until(lambda: cash.status.detail == detail)
    assert cash.status.device is DeviceState.HARDWARE_ERROR
    staff(__doc__, cash.status)
    sees(__doc__, NO_CASH)
    assert cash.notes == ()
    assert not await cash.enable(ALL)
    await cash.close()
    await unit.stop()
