"""The receipt printer loses power within a slip and comes back as if nothing had been: what it had received is gone.

Device: receipt_printer
Resident: 凭条打不出来，钱已原路退回
Staff: none
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from drivers.receipt_printer.profile import EPSON_80
from tests.faults.receipt_bench import SPEED, serial_bench
from tests.faults.resident import sees, staff


async def test_not_called_printed_because_it_looks_well_afterwards(tmp_path: Path) -> None:
    async with serial_bench(tmp_path, reply_s=0.05) as b:

        async def cycle() -> None:
            await b.device.power(False)
            await asyncio.sleep(0.3)
            b.device.slow_down(SPEED)
            await b.device.power(True)

        told = await b.pays(cycle)
        assert told is not None
        sees(__doc__, told.question)
        await b.until_tile(None)
        staff(__doc__, b.printer.status)
        assert b.device.slips == []


async def test_truth_is_in_the_cut_counter(tmp_path: Path) -> None:
    """The confirmation got lost, the slip did not: the resident holds it, and the money is not given back."""
    profile = replace(EPSON_80, automatic_status=None)
    async with serial_bench(tmp_path, profile=profile, confirm_s=0.6) as b:
        b.device.model = replace(b.device.model, process_id=False)
        assert await b.pays() is None
        assert len(b.device.slips) == 1
