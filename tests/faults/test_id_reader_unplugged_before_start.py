"""The ID card reader is not plugged in when the terminal starts.

Device: id_reader
Resident: 身份证读卡器暂时不能用
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

from kiosk.journeys import texts
from tests.faults.id_reader_bench import bench
from tests.faults.resident import sees, staff


async def test_the_tile_says_so_until_it_is_plugged_in(tmp_path: Path) -> None:
    async with bench(tmp_path, plugged=False) as b:
        await b.out_of_service()
        assert b.tile() == texts.NO_ID_READER
        sees(__doc__, b.tile())
        staff(__doc__, b.reader.status)
        b.device.replug()
        await b.ready()
        assert b.tile() is None
