"""The ID card reader answers after we stopped waiting: "no card", when one lies there by now.

Device: id_reader
Resident: (nothing: the late answer is thrown away, the card is read)
Staff: none
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from drivers.virtual.id_reader import FIND, ReaderFault
from tests.drivers.link.waiting import PATIENCE_S, until
from tests.faults.id_reader_bench import bench
from tests.faults.resident import staff


async def test_an_old_answer_answers_nothing(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ready()
        b.device.inject(ReaderFault.LATE, times=1, on=FIND)
        async with b.asked_for_the_card() as card:
            await until(lambda: not b.device.faults)
            b.lay()
            async with asyncio.timeout(PATIENCE_S):
                assert (await card).name == "李样本"
        assert b.hints() == []
        staff(__doc__, b.reader.status)
