"""The card is in the wrong way round, or its chip is dead: it does not answer to reset.

Device: smart_card
Resident: (not asked for by any service yet) 卡片读不出来。请芯片朝上再插一次，或改用身份证。
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from drivers.smart_card.port import SmartCardFault
from drivers.virtual.social_security_card import mute_card
from tests.faults.smart_card_bench import impatient, smart_card_bench, told


async def test_no_answer_to_reset(tmp_path: Path) -> None:
    async with smart_card_bench(tmp_path, timings=impatient(removal_notice=0.05)) as bench:
        for _ in range(4):
            # vpcd takes silence for an empty slot now and then: then the resident is asked to insert it again.
            outcome = await bench.read_chip(mute_card())
            if outcome is not SmartCardFault.CARD_REMOVED:
                break
            await bench.virtual.withdraw()
        told(__doc__, outcome, SmartCardFault.UNREADABLE, bench.driver.status)
        assert bench.driver.status.counters["not_read_unreadable"] == 1
