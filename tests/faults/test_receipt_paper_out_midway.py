"""The roll ends in the middle of a slip: half a slip is none. A printer without paper cannot say so: with the new roll
its counter of cuts does.

Device: receipt_printer
Resident: 付款结果还在确认
Staff: clear
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from backend.contract.kiosk_api import PaymentState
from tests.faults.receipt_bench import serial_bench
from tests.faults.resident import sees, staff


async def test_rest_is_never_printed_and_a_whole_slip_is(tmp_path: Path) -> None:
    async with serial_bench(tmp_path) as b:
        await b.device.set_paper(12.0)
        told = await b.pays()
        assert told is not None
        sees(__doc__, told.question)
        staff(__doc__, b.printer.status)
        assert await b.house.recover() == 2, "the payment and its slip"
        await b.device.set_paper("full")
        await b.until_tile(None)
        assert await b.house.recover() == 0
        assert list(b.house.world.payments.values()) == [PaymentState.DELIVERED]
        assert [slip.text.count("缴费凭条") for slip in b.device.slips] == [1]


async def test_money_goes_back_when_no_new_roll_comes(tmp_path: Path) -> None:
    async with serial_bench(tmp_path) as b:
        await b.device.set_paper(12.0)
        await b.pays()
        assert await b.house.recover(counter_patience=timedelta(0)) == 0
        assert list(b.house.world.payments.values()) == [PaymentState.REFUNDED]
        await b.device.set_paper("full")
        assert await b.pays() is None
        assert [slip.text.count("缴费凭条") for slip in b.device.slips] == [1], "only the second payment's slip"
