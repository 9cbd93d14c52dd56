"""A printed code makes a keyboard scanner press Ctrl or Alt: what an attacker holds up to get out of the kiosk.

Device: code_scanner
Resident: (nothing: the code is dropped whole and reaches no program)
Staff: none
"""

from __future__ import annotations

from pathlib import Path

import pytest
import structlog

from drivers.link.input_events import open_input
from drivers.link.stream import LinkLost
from tests.drivers.link.waiting import until
from tests.faults.resident import staff
from tests.faults.scanner_bench import ACCOUNT, BILL, asked, keyboard_bench


async def test_dropped_whole(tmp_path: Path) -> None:
    async with keyboard_bench(tmp_path) as (device, scanner):
        asking = await asked(scanner, BILL, lambda: scanner._inbox._wanted is not None)
        with structlog.testing.capture_logs() as lines:
            await device.scan_control_code("0350", "c", "12342718")
            await until(lambda: scanner.status.counters["codes_with_control_keys"] == 1)
        assert [line["event"] for line in lines] == ["code_with_control_keys_rejected"]
        assert not asking.done()
        await device.scan(ACCOUNT)
        assert (await asking).text == ACCOUNT
        staff(__doc__, scanner.status)


async def test_no_other_program_gets_the_keys(tmp_path: Path) -> None:
    async with keyboard_bench(tmp_path) as (device, _):
        with pytest.raises(LinkLost, match="taken by another program"):
            await open_input(str(device.input.pty.path))
