"""The kiosk's program dies while a note is stacked: the next one hears of it from the unit.

Device: cash
Resident: (nothing: the money is booked to the payment that was open)
Staff: none
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from drivers.cash.port import CashEventKind, Note
from drivers.cash.ssp_driver import SspAcceptor
from drivers.virtual.itl_ssp import VirtualSspValidator
from tests.drivers.link.waiting import PATIENCE_S, until
from tests.faults.cash_bench import SPEED, ssp_settings
from tests.faults.resident import staff


async def test_told_to_the_next_one(tmp_path: Path) -> None:
    unit = VirtualSspValidator(tmp_path / "cash", speed=SPEED)
    await unit.start()
    unit._mask, unit._enabled = 0xFF, True
    assert unit.insert(2000)
    await until(lambda: unit.path.place.value == "escrow")
    unit._poll()
    unit._poll()  # the last words of the old program: take it
    await until(lambda: unit.path.cashbox == [2000])
    cash = SspAcceptor(ssp_settings(unit.pty.path))
    await cash.open()
    async with asyncio.timeout(PATIENCE_S):
        event = await cash.next_event()
    assert (event.kind, event.note, event.late, event.unsure) == (CashEventKind.STACKED, Note(2000), True, False)
    await until(lambda: cash.status.ready)
    staff(__doc__, cash.status)
    await cash.close()
    await unit.stop()
