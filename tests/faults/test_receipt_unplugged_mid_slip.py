"""Somebody pulls the receipt printer's cable in the middle of a slip. Found again, it is asked whether it has cut.

Device: receipt_printer
Resident: 付款结果还在确认
Staff: reset
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from backend.contract.kiosk_api import PaymentState
from drivers.status import DeviceState
from tests.faults.receipt_bench import Bench, serial_bench
from tests.faults.resident import sees, staff


async def _pulled(b: Bench) -> None:
    async def pull() -> None:
        b.device.pty.unplug()

    told = await b.pays(pull)
    assert told is not None
    sees(__doc__, told.question)
    staff(__doc__, b.printer.status)
    assert b.printer.status.device is DeviceState.OFFLINE


async def test_printer_found_again_has_the_last_word(tmp_path: Path) -> None:
    async with serial_bench(tmp_path) as b:
        await _pulled(b)
        assert await b.house.recover() == 2, "the payment and its slip"
        b.device.pty.plug()  # under another terminal's number
        await b.until_tile(None)
        assert await b.house.recover() == 0
        assert list(b.house.world.payments.values()) == [PaymentState.DELIVERED]
        assert len(b.device.slips) == 1, "with or without the cable, one slip"


async def test_money_goes_back_when_it_stays_away(tmp_path: Path) -> None:
    async with serial_bench(tmp_path, connect_s=0.05) as b:
        await _pulled(b)
        assert await b.house.recover(counter_patience=timedelta(0)) == 0
        assert list(b.house.world.payments.values()) == [PaymentState.REFUNDED]
