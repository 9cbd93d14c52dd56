"""The accessible keypad is pulled out with a key held down, and plugged in elsewhere.

Device: keypad
Resident: (keys do nothing until it is back; nothing is pressed that nobody pressed)
Staff: maintenance
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from drivers.keypad.port import Key
from drivers.status import Action, DeviceState
from tests.drivers.link.replugging import number_taken
from tests.drivers.link.waiting import until
from tests.faults.keypad_bench import keypad_bench
from tests.faults.resident import staff


async def test_found_again_by_its_path(tmp_path: Path) -> None:
    async with keypad_bench(tmp_path) as b:
        await b.device.hold("down")
        assert (await b.key()).key is Key.DOWN
        waiting = asyncio.create_task(b.key())
        before = b.device.input.pty.tty
        await b.device.unplug()
        await until(lambda: b.keypad.status.device is DeviceState.OFFLINE)
        staff(__doc__, b.keypad.status)
        with number_taken(before):
            b.device.replug()
            await until(lambda: b.keypad.status.ready)
            assert b.keypad.status.action is Action.NONE
            await b.device.press("confirm")
            assert (await waiting).key is Key.CONFIRM
