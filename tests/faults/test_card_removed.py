"""The card is taken away midway: asked to lay it down again, nothing is lost.

Device: id_reader
Resident: 证件拿开得早了一点，请再放一次，等读完再取
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from drivers.id_reader.port import ReadFault
from kiosk.journeys import texts
from kiosk.screens import PlaceCard
from tests.kiosk.journeys.fakes import World
from tests.kiosk.journeys.house import House


async def test_asked_again(tmp_path: Path) -> None:
    async with House(tmp_path / "j.sqlite3", World()) as house:
        house.reader.faults = [ReadFault.CARD_REMOVED]
        await house.certificate()
        hints = [screen.hint for screen in house.stage.seen if isinstance(screen, PlaceCard) and not screen.reading]
        assert hints == [None, texts.CARD_REMOVED]
        assert len(house.world.sheets) == 1
