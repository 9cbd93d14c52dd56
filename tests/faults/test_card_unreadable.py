"""A worn card: the screen says what to do and stays; a good card afterwards is read.

Device: id_reader
Resident: 这张证件读不出来。请翻面或擦净后再放一次；还是不行，请到人工窗口办理
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from drivers.id_reader.port import ReadFault
from kiosk.journeys import texts
from kiosk.screens import PlaceCard
from tests.kiosk.journeys.fakes import World
from tests.kiosk.journeys.house import House


async def test_hint_then_success(tmp_path: Path) -> None:
    async with House(tmp_path / "j.sqlite3", World()) as house:
        house.reader.faults = [ReadFault.UNREADABLE, ReadFault.UNREADABLE]
        await house.certificate()
        hints = [screen.hint for screen in house.stage.seen if isinstance(screen, PlaceCard) and not screen.reading]
        assert hints == [None, texts.CARD_UNREADABLE, texts.CARD_UNREADABLE]
        assert len(house.world.sheets) == 1
