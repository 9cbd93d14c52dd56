"""The social security card is pulled out while it is read.

Device: smart_card
Resident: (not asked for by any service yet) 卡片拿早了，请再插一次，等提示后再取走。
Staff: none
"""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.smart_card.port import SmartCardFault
from drivers.virtual.social_security_card import social_security_card
from tests.faults.smart_card_bench import HOLDER, smart_card_bench, told


@pytest.mark.parametrize("answers", [0, 3, 9])
async def test_pulled_out(tmp_path: Path, answers: int) -> None:
    async with smart_card_bench(tmp_path) as bench:
        bench.virtual.slot.withdraw_after = answers
        outcome = await bench.read_chip(social_security_card(HOLDER))
        told(__doc__, outcome, SmartCardFault.CARD_REMOVED, bench.driver.status)
        assert bench.driver.status.ready
        assert await bench.reads_good_card()
