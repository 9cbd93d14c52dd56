"""The ID card reader is there but says nothing any more.

Device: id_reader
Resident: 身份证读卡器暂时不能用
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

from drivers.virtual.id_reader import ReaderFault
from kiosk.journeys import texts
from tests.faults.id_reader_bench import bench
from tests.faults.resident import sees, staff


async def test_noticed_with_nobody_there_and_forgotten_when_it_speaks(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ready()
        b.device.inject(ReaderFault.SILENT)
        await b.out_of_service()
        assert b.tile() == texts.NO_ID_READER
        sees(__doc__, b.tile())
        staff(__doc__, b.reader.status)
        b.device.clear()
        await b.ready()
        assert b.tile() is None
