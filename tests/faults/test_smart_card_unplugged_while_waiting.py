"""The smart card reader's cable is pulled while the resident looks for the card.

Device: smart_card
Resident: (not asked for by any service yet) 社保卡读卡器暂时不能用，请改用身份证。
Staff: maintenance
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from drivers.smart_card.port import SmartCardFault
from tests.faults.smart_card_bench import PATIENCE_S, smart_card_bench, told


async def test_not_told_when_the_time_is_up_but_now(tmp_path: Path) -> None:
    async with smart_card_bench(tmp_path) as bench:
        reading = asyncio.create_task(bench.read(timeout_s=600))
        await asyncio.sleep(0.1)
        await bench.virtual.unplug()
        outcome = await asyncio.wait_for(reading, PATIENCE_S)
        told(__doc__, outcome, SmartCardFault.READER_LOST, bench.driver.status)
