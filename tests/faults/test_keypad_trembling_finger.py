"""A trembling finger closes a key's contact three times.

Device: keypad
Resident: (nothing: it is one press)
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from drivers.keypad.port import Key
from tests.faults.keypad_bench import keypad_bench
from tests.faults.resident import staff


async def test_one_press(tmp_path: Path) -> None:
    async with keypad_bench(tmp_path) as b:
        await b.device.tremble("confirm")
        await b.device.press("home")
        assert [(await b.key()).key for _ in range(2)] == [Key.CONFIRM, Key.HOME]
        staff(__doc__, b.keypad.status)
