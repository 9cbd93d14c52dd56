"""The card and the reader do not accept each other: a foreign chip, a forged card, a card of another system.

Device: id_reader
Resident: 这张证件读不出来。请翻面或擦净后再放一次；还是不行，请到人工窗口办理
Staff: none
"""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.virtual.id_reader import READ, ReaderFault
from kiosk.journeys import texts
from tests.drivers.link.waiting import until
from tests.faults.id_reader_bench import bench
from tests.faults.resident import sees, staff


@pytest.mark.parametrize("fault", [ReaderFault.CARD_REFUSES, ReaderFault.READER_REFUSES, ReaderFault.UNKNOWN_TYPE])
async def test_told_what_to_do_and_not_tried_in_vain(tmp_path: Path, fault: ReaderFault) -> None:
    async with bench(tmp_path) as b:
        await b.ready()
        b.device.inject(fault)
        b.lay()
        async with b.asked_for_the_card():
            await until(lambda: b.hints().count(texts.CARD_UNREADABLE) >= 3)
        sees(__doc__, *b.hints())
        staff(__doc__, b.reader.status)
        # Read once each time it is told; the next reading may have begun.
        assert b.device.commands.count(READ) <= len(b.hints()) + 1
        assert b.tile() is None, "the next card may be a good one"
