"""A key of the accessible keypad sticks.

Device: keypad
Resident: (it counts once and a few times more, then no longer; the other keys work)
Staff: maintenance
"""

from __future__ import annotations

from pathlib import Path

from drivers.keypad.port import Key
from drivers.status import Action
from tests.drivers.link.waiting import until
from tests.faults.keypad_bench import keypad_bench
from tests.faults.resident import staff


async def test_reported_and_no_endless_repeats(tmp_path: Path) -> None:
    async with keypad_bench(tmp_path, stuck=0.2, repeat_delay=0.05, repeat_interval=0.05) as b:
        await b.device.stick("down")
        await until(lambda: b.keypad.status.action is Action.MAINTENANCE)
        staff(__doc__, b.keypad.status)
        assert b.keypad.status.ready
        await b.device.press("confirm")
        seen = [await b.key()]
        while seen[-1].key is Key.DOWN:
            seen.append(await b.key())
        assert seen[-1].key is Key.CONFIRM
        assert len(seen) <= 6, "the repeats have ended"
        await b.device.free()
        await until(lambda: b.keypad.status.action is Action.NONE)
