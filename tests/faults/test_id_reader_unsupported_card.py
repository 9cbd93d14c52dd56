"""A foreigner's permanent residence card of 2023, whose layout this terminal is not set up for.

Device: id_reader
Resident: 本机暂不能读这种证件，请到人工窗口办理
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from drivers.id_reader.port import CardKind
from kiosk.journeys import texts
from tests.faults.id_reader_bench import bench, read
from tests.faults.resident import sees, staff


async def test_sent_to_the_counter(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ready()
        b.lay("foreigner-2023")
        async with b.asked_for_the_card():
            await b.told(texts.CARD_UNSUPPORTED)
        sees(__doc__, *b.hints())
        staff(__doc__, b.reader.status)


async def test_read_where_the_agency_has_switched_it_on(tmp_path: Path) -> None:
    async with bench(tmp_path, allow_foreigner_2023=True) as b:
        await b.ready()
        b.lay("foreigner-2023")
        assert (await read(b)).kind is CardKind.FOREIGNER_2023
