"""A card whose texts are full of control characters, text-direction overrides and NULs.

Device: id_reader
Resident: (nothing: what cannot be shown is left out, the card is read)
Staff: none
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import structlog

from drivers.virtual.cabinet import cards
from kiosk.journeys import texts
from tests.faults.id_reader_bench import bench, read
from tests.faults.resident import staff


async def test_cleaned_before_anybody_sees_it(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ready()
        b.lay("hostile")
        with structlog.testing.capture_logs() as lines:
            card = await read(b)
        assert (card.name, card.address) == ("王测试", "四川省青口县示范街道测试路5号")
        assert card.issuer.isprintable()
        assert b.hints() == []
        assert "王" not in repr(lines)
        assert "519999" not in repr(lines)
        staff(__doc__, b.reader.status)


async def test_a_name_that_is_nothing_else_is_refused(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ready()
        b.device.lay_card(replace(cards.BY_ID["wang"].card, name="\u202e\x1b\x00"))
        async with b.asked_for_the_card():
            await b.told(texts.CARD_UNREADABLE)
