"""The card's contacts are dirty: the first reading goes wrong, the second one not.

Device: smart_card
Resident: (not asked for by any service yet; nothing: the card is read a moment later)
Staff: none
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.resident import staff
from tests.faults.smart_card_bench import impatient, smart_card_bench


@pytest.mark.parametrize("garbage", [b"\x6f\x00", b"\x00\x00", b"\x90", bytes(300)], ids=lambda raw: raw[:2].hex())
async def test_read_at_the_second_try(tmp_path: Path, garbage: bytes) -> None:
    async with smart_card_bench(tmp_path, timings=impatient(removal_notice=0.05)) as bench:
        bench.virtual.slot.garbage = garbage
        assert await bench.reads_good_card()
        assert bench.virtual.slot.garbage is None, "it went wrong once"
        staff(__doc__, bench.driver.status)
