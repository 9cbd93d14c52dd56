"""The ID card reader says OK to everything and does nothing.

Device: id_reader
Resident: 身份证读卡器暂时不能用; 这张证件读不出来。请翻面或擦净后再放一次；还是不行，请到人工窗口办理
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

from drivers.virtual.id_reader import READ, STATUS, ReaderFault
from kiosk.journeys import texts
from tests.drivers.link.waiting import until
from tests.faults.id_reader_bench import bench
from tests.faults.resident import sees, staff


async def test_ok_is_not_enough_to_be_ready(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        b.device.inject(ReaderFault.OK_DOES_NOTHING)
        await until(lambda: b.device.commands.count(STATUS) >= 2)
        await b.out_of_service()
        assert b.tile() == texts.NO_ID_READER
        sees(__doc__, b.tile())
        staff(__doc__, b.reader.status)


async def test_ok_without_data_is_no_card(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ready()
        b.device.inject(ReaderFault.OK_DOES_NOTHING, on=READ)
        b.lay()
        async with b.asked_for_the_card():
            await b.told(texts.CARD_UNREADABLE)
        sees(__doc__, *b.hints())
