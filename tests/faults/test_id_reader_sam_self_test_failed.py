"""The security module in the ID card reader failed its self-test and takes no command.

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


async def test_seen_before_a_resident_starts(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        b.device.inject(ReaderFault.SELF_TEST)
        await b.out_of_service()
        await b.told_of("SAM out of order, SW3 60")
        assert b.tile() == texts.NO_ID_READER
        sees(__doc__, b.tile())
        staff(__doc__, b.reader.status)
        b.device.clear()
        await b.ready()
        assert b.tile() is None
