"""Nobody puts a card in.

Device: smart_card
Resident: (not asked for by any service yet) 没有看到社保卡
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from drivers.smart_card.port import SmartCardFault
from tests.faults.smart_card_bench import smart_card_bench, told


async def test_time_is_up(tmp_path: Path) -> None:
    async with smart_card_bench(tmp_path) as bench:
        told(__doc__, await bench.read(timeout_s=0.3), SmartCardFault.NO_CARD, bench.driver.status)
        assert await bench.reads_good_card()
