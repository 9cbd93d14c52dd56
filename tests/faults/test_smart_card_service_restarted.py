"""pcscd falls over while a card is waited for, and systemd starts it again.

Device: smart_card
Resident: (not asked for by any service yet; nothing when it is back before the next card)
    社保卡读卡器暂时不能用，请改用身份证。
Staff: maintenance
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from drivers.smart_card.port import SmartCardFault
from tests.faults.smart_card_bench import PATIENCE_S, smart_card_bench, told


async def test_restarted_while_idle(tmp_path: Path) -> None:
    async with smart_card_bench(tmp_path) as bench:
        assert await bench.reads_good_card()
        await bench.virtual.stop_service()
        await bench.virtual.start_service()
        assert await bench.reads_good_card(), "the next resident notices nothing"


async def test_gone_while_waiting(tmp_path: Path) -> None:
    async with smart_card_bench(tmp_path) as bench:
        reading = asyncio.create_task(bench.read(timeout_s=600))
        await asyncio.sleep(0.1)
        await bench.virtual.stop_service()
        outcome = await asyncio.wait_for(reading, PATIENCE_S)
        told(__doc__, outcome, SmartCardFault.READER_LOST, bench.driver.status)
        await bench.virtual.start_service()
        assert await bench.reads_good_card()
