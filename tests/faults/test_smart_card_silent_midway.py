"""The card's chip falls silent in the middle of a reading.

Device: smart_card
Resident: (not asked for by any service yet) 社保卡读卡器暂时不能用，请改用身份证。
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

from drivers.smart_card.port import SmartCardFault
from drivers.virtual.social_security_card import social_security_card
from tests.drivers.link.waiting import until
from tests.faults.smart_card_bench import HOLDER, impatient, smart_card_bench, told


async def test_the_reader_comes_back_by_itself(tmp_path: Path) -> None:
    async with smart_card_bench(tmp_path, timings=impatient(scard_transmit=0.5)) as bench:
        bench.virtual.slot.silent = True
        outcome = await bench.read_chip(social_security_card(HOLDER))
        told(__doc__, outcome, SmartCardFault.READER_LOST, bench.driver.status)
        assert "SCardTransmit" in bench.driver.status.detail
        await bench.virtual.mend()
        await until(lambda: bench.driver.status.ready)
        assert await bench.reads_good_card()
