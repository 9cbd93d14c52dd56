"""A code whose bytes are no text, or hold control characters that somebody printed on purpose.

Device: code_scanner
Resident: (nothing: the beam comes back, and the next code is read)
Staff: none
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.drivers.link.waiting import until
from tests.faults.resident import staff
from tests.faults.scanner_bench import ACCOUNT, bench


@pytest.mark.parametrize("rubbish", [b"\xff\xfe\xff", b"0350\x1b[2J12342718", "0350\u202e8172".encode()])
async def test_never_shown(tmp_path: Path, rubbish: bytes) -> None:
    async with bench(tmp_path) as b:
        asking = await b.asked()
        b.device.present(rubbish)
        await until(lambda: b.scanner.status.counters["codes_rejected"] == 1)
        await until(lambda: b.device.beam)
        b.device.present(ACCOUNT)
        assert (await asking).text == ACCOUNT
        staff(__doc__, b.scanner.status)
