"""The card is taken away midway: asked to lay it down again, nothing is lost.

Device: id_reader
Resident: 证件拿开得早了一点，请再放一次，等读完再取
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from drivers.id_reader.port import ReadFault
from drivers.virtual.id_reader import ReaderFault
from kiosk.journeys import texts
from kiosk.screens import PlaceCard
from tests.faults.id_reader_bench import bench
from tests.faults.resident import sees, staff
from tests.kiosk.journeys.fakes import World
from tests.kiosk.journeys.house import House


async def test_asked_again(tmp_path: Path) -> None:
    async with House(tmp_path / "j.sqlite3", World()) as house:
        house.reader.faults = [ReadFault.CARD_REMOVED]
        await house.certificate()
        hints = [screen.hint for screen in house.stage.seen if isinstance(screen, PlaceCard) and not screen.reading]
        assert hints == [None, texts.CARD_REMOVED]
        sees(__doc__, *[hint for hint in hints if hint is not None])
        assert len(house.world.sheets) == 1


async def test_nobody_has_to_come(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ready()
        b.device.inject(ReaderFault.REMOVED_MIDWAY)
        b.lay()
        async with b.asked_for_the_card():
            await b.told(texts.CARD_REMOVED)
        staff(__doc__, await b.reader.refresh())
        assert b.reader.status.ready
