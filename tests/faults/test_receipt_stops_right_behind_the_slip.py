"""The slip is cut, and in the same moment the roll is used up or the cover springs open: the printer confirms nothing
any more. The resident holds the slip, so the money is not given back.

Device: receipt_printer
Resident: 付款结果还在确认
Staff: clear
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from backend.contract.kiosk_api import PaymentState
from tests.faults.receipt_bench import serial_bench
from tests.faults.resident import sees, staff


@pytest.mark.parametrize("what", ["roll", "cover"])
async def test_counter_tells_after_the_repair(tmp_path: Path, what: str) -> None:
    async with serial_bench(tmp_path) as b:

        def stop(event: dict[str, Any]) -> None:
            if event["event"] == "slip" and what == "roll":
                b.device._paper_mm = 0.0
            elif event["event"] == "slip":
                b.device._cover = True

        b.device._on_event = stop
        told = await b.pays()
        assert told is not None
        sees(__doc__, told.question)
        staff(__doc__, b.printer.status)
        assert list(b.house.world.payments.values()) == [PaymentState.PAID]
        await b.device.set_paper("full")
        await b.device.repair()
        await b.until_tile(None)
        assert await b.house.recover() == 0
        assert list(b.house.world.payments.values()) == [PaymentState.DELIVERED]
        assert len(b.device.slips) == 1
