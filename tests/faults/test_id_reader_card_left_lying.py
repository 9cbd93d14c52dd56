"""A card still lies on the reader when the next resident starts; the SAM answers "no card" for one it has read.

Device: id_reader
Resident: (nothing: the module is reset first, and the card that lies there is read)
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from drivers.virtual.id_reader import RESET
from tests.faults.id_reader_bench import bench, read
from tests.faults.resident import staff


async def test_read_again_and_the_next_one_is_not_mistaken_for_it(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ready()
        b.lay("li")
        assert (await read(b)).name == "李样本"
        resets = b.device.commands.count(RESET)
        assert (await read(b)).name == "李样本"
        assert b.device.commands.count(RESET) == resets + 1
        b.lay("zhang")
        assert (await read(b)).name == "张示范"
        assert b.hints() == []
        staff(__doc__, b.reader.status)
