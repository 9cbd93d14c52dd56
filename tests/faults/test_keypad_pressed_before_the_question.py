"""A resident presses keys while the kiosk is busy and nothing asks for them.

Device: keypad
Resident: (nothing: after two seconds they do not count for the next screen)
Staff: none
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from drivers.keypad.port import Key
from tests.drivers.link.waiting import until
from tests.faults.keypad_bench import keypad_bench
from tests.faults.resident import staff


async def test_forgotten(tmp_path: Path) -> None:
    async with keypad_bench(tmp_path, forget=0.1) as b:
        await b.device.press("confirm")
        await until(lambda: b.keypad.status.counters["keys_pressed"] == 1)
        await until(lambda: not b.keypad._waiting)
        waiting = asyncio.create_task(b.key())
        await b.device.press("back")
        assert (await waiting).key is Key.BACK
        staff(__doc__, b.keypad.status)
