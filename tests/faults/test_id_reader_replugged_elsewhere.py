"""The ID card reader is pulled out and comes back under another terminal name.

Device: id_reader
Resident: 读卡器没有反应，正在重新连接，请稍等
Staff: none
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from drivers.virtual.id_reader import FIND
from kiosk.journeys import texts
from tests.drivers.link.waiting import PATIENCE_S, until
from tests.faults.id_reader_bench import bench
from tests.faults.resident import sees, staff


async def test_the_card_is_read_there(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ready()
        before = b.device.pty.tty
        async with b.asked_for_the_card() as card:
            await until(lambda: FIND in b.device.commands)
            b.device.unplug()
            await b.told(texts.CARD_READER_LOST)
            sees(__doc__, *b.hints())
            in_the_way = os.openpty()  # takes the old name
            b.device.replug()
            assert b.device.pty.tty != before
            b.lay()
            async with asyncio.timeout(PATIENCE_S):
                assert (await card).name == "李样本"
        staff(__doc__, b.reader.status)
        for end in in_the_way:
            os.close(end)
