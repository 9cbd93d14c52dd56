"""The ID card reader speaks at 9600 baud, not at the speed it is set up for.

Device: id_reader
Resident: (nothing: it is found at its own speed a few seconds after the start)
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from drivers.id_reader.frames import SET_UART
from kiosk.journeys import texts
from tests.faults.id_reader_bench import bench, read
from tests.faults.resident import staff


async def test_found_at_its_own_speed(tmp_path: Path) -> None:
    async with bench(tmp_path, baud=9600, probe_bauds=tuple(SET_UART)) as b:
        await b.ready()
        assert b.reader.status.identity.endswith("at 9600 baud")
        staff(__doc__, b.reader.status)
        b.lay()
        assert (await read(b)).name == "李样本"
        assert b.hints() == []


async def test_where_no_speed_is_tried_the_tile_says_so(tmp_path: Path) -> None:
    async with bench(tmp_path, baud=9600, probe_bauds=()) as b:
        await b.out_of_service()
        assert b.tile() == texts.NO_ID_READER
