"""The card's last day has passed.

Device: id_reader
Resident: 这张证件已过有效期，请先换领新证
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from kiosk.journeys import texts
from tests.faults.id_reader_bench import bench
from tests.faults.resident import sees, staff


async def test_told_to_renew_it(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ready()
        b.lay("expired")
        async with b.asked_for_the_card():
            await b.told(texts.CARD_EXPIRED)
        sees(__doc__, *b.hints())
        staff(__doc__, b.reader.status)
        assert b.reader.status.counters["failed_expired"] >= 1
