"""An update restarts upsd: for a second or two nobody answers.

Device: cabinet
Resident: (nothing: services go on)
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from drivers.cabinet.port import Mains
from tests.faults.cabinet_bench import a_box
from tests.faults.resident import staff


async def test_the_last_word_holds_for_a_moment(tmp_path: Path) -> None:
    async with a_box(tmp_path, "ups", ups={"silent_after_s": 60}) as box:
        seen = []
        box.cabinet.parts.ups._changed = lambda: seen.append(box.cabinet.parts.ups.trouble)  # type: ignore[union-attr]
        await box.supply.stop()
        await box.until(lambda c: len(seen) >= 3)
        await box.supply.start()
        asked = box.supply.questions
        await box.until(lambda c: box.supply.questions > asked)
        assert seen == [None] * len(seen), "nobody was alarmed"
        assert box.cabinet.state.power is not None
        assert box.cabinet.state.power.mains is Mains.ONLINE
        assert box.tile() is None
        staff(__doc__, box.cabinet.status)
