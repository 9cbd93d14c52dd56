"""Somebody pulls the receipt printer's cable in the middle of a slip.

Device: receipt_printer
Resident: 凭条打不出来，钱已原路退回
Staff: reset
"""

from __future__ import annotations

from pathlib import Path

from drivers.status import DeviceState
from kiosk.journal.journal import IntentKind
from tests.faults.receipt_bench import serial_bench
from tests.faults.resident import sees, staff


async def test_money_goes_back_and_the_printer_is_found_again(tmp_path: Path) -> None:
    async with serial_bench(tmp_path) as b:

        async def pull() -> None:
            b.device.pty.unplug()

        told = await b.pays(pull)
        assert told is not None
        sees(__doc__, told.question)
        staff(__doc__, b.printer.status)
        assert b.printer.status.device is DeviceState.OFFLINE
        assert not [i for i in await b.house.journal.open_intents() if i.kind is IntentKind.PAYMENT]
        b.device.pty.plug()  # under another terminal's number
        await b.until_tile(None)
