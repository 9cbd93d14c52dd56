"""The ID card reader loses its power for a moment while it sends a card's data.

Device: id_reader
Resident: (nothing: the card is found and read again, a few seconds later)
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from drivers.virtual.id_reader import READ, ReaderFault
from tests.faults.id_reader_bench import bench, read
from tests.faults.resident import staff


async def test_found_and_read_again(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ready()
        b.lay()
        b.device.inject(ReaderFault.RESET_MIDWAY, times=1)
        assert (await read(b)).name == "李样本"
        assert list(b.device.commands).count(READ) == 2
        assert b.hints() == []
        staff(__doc__, b.reader.status)
