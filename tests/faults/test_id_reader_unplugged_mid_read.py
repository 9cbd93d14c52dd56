"""The ID card reader is pulled out while it reads a card.

Device: id_reader
Resident: 读卡器没有反应，正在重新连接，请稍等
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

from drivers.status import DeviceState
from drivers.virtual.id_reader import READ
from kiosk.journeys import texts
from tests.drivers.link.waiting import until
from tests.faults.id_reader_bench import bench
from tests.faults.resident import sees, staff


async def test_told_at_once(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ready()
        b.lay()
        async with b.asked_for_the_card():
            await until(lambda: READ in b.device.commands)
            b.device.unplug()
            await b.told(texts.CARD_READER_LOST)
            sees(__doc__, *b.hints())
            await until(lambda: b.reader.status.device is DeviceState.OFFLINE)
            staff(__doc__, b.reader.status)
            assert b.reader.status.counters["failed_reader_lost"] >= 1
