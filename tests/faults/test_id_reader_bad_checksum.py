"""Every answer of the ID card reader arrives damaged.

Device: id_reader
Resident: 读卡器没有反应，正在重新连接，请稍等
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

from drivers.virtual.id_reader import FIND, ReaderFault
from kiosk.journeys import texts
from tests.drivers.link.waiting import until
from tests.faults.id_reader_bench import bench
from tests.faults.resident import sees, staff


async def test_no_damaged_card_is_believed(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ready()
        async with b.asked_for_the_card() as card:
            await until(lambda: FIND in b.device.commands)
            b.device.inject(ReaderFault.BAD_CHECKSUM)
            b.lay()
            await b.told(texts.CARD_READER_LOST)
            sees(__doc__, *b.hints())
            assert not card.done()
            assert b.tile() == texts.NO_ID_READER
            staff(__doc__, b.reader.status)
