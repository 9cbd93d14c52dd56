"""A card whose number fails its check, or has another birthday than the card.

Device: id_reader
Resident: 这张证件读不出来。请翻面或擦净后再放一次；还是不行，请到人工窗口办理
Staff: none
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from drivers.virtual.cabinet.cards import BY_ID
from drivers.virtual.id_card import VirtualCard
from kiosk.journeys import texts
from tests.faults.id_reader_bench import bench
from tests.faults.resident import sees, staff

ZHANG = BY_ID["zhang"].card


@pytest.mark.parametrize(
    "card",
    [
        BY_ID["forged"].card,
        replace(ZHANG, number="519999199001010018"),
        replace(ZHANG, birth=date(1991, 1, 1)),
        replace(ZHANG, valid_to=date(2019, 12, 31)),
        replace(BY_ID["hmt"].card, number=ZHANG.number),
    ],
    ids=["both", "check character", "birthday", "validity", "a resident's number on a permit"],
)
async def test_refused_and_not_looked_up(tmp_path: Path, card: VirtualCard) -> None:
    async with bench(tmp_path) as b:
        await b.ready()
        b.device.lay_card(card)
        async with b.asked_for_the_card() as read:
            await b.told(texts.CARD_UNREADABLE)
            assert not read.done()
        sees(__doc__, *b.hints())
        staff(__doc__, b.reader.status)
