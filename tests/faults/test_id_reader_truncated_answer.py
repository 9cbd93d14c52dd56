"""The ID card reader's answer breaks off in the middle of the card's data, once.

Device: id_reader
Resident: (nothing: the card is asked again, the reading takes a few seconds longer)
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from drivers.virtual.id_reader import READ, ReaderFault
from tests.faults.id_reader_bench import bench, read
from tests.faults.resident import staff


async def test_asked_again(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ready()
        b.lay()
        b.device.inject(ReaderFault.TRUNCATED, times=1, on=READ)
        assert (await read(b)).name == "李样本"
        assert list(b.device.commands).count(READ) == 2
        assert b.hints() == []
        staff(__doc__, b.reader.status)
