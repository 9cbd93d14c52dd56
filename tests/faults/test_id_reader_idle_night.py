"""Nobody came all night, and the ID card reader lost its power in between.

Device: id_reader
Resident: (nothing: the first card of the morning is read)
Staff: none
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from drivers.virtual.id_reader import BOOT_S, STATUS
from tests.drivers.link.waiting import until
from tests.faults.id_reader_bench import SPEED, bench, read
from tests.faults.resident import staff


async def test_asked_now_and_then_and_ready_in_the_morning(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.ready()
        b.lay("li")
        await read(b)
        b.device.lift_card()
        b.device.commands.clear()
        await until(lambda: b.device.commands.count(STATUS) >= 3)
        assert set(b.device.commands) == {STATUS}, "no card is looked for while nobody is there"
        b.device.unplug()
        await asyncio.sleep(BOOT_S / SPEED)
        b.device.replug()
        await b.ready()
        b.lay("zhang")
        assert (await read(b)).name == "张示范"
        assert b.hints() == []
        staff(__doc__, b.reader.status)
