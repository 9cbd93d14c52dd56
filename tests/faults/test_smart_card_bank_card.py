"""A bank card is in the slot for social security cards.

Device: smart_card
Resident: (not asked for by any service yet) 这不是社保卡，或本机还不能读这种卡。请改用身份证。
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from drivers.smart_card.port import SmartCardFault
from drivers.virtual.social_security_card import bank_card
from tests.faults.smart_card_bench import smart_card_bench, told


async def test_file_not_found(tmp_path: Path) -> None:
    chip = bank_card()
    async with smart_card_bench(tmp_path) as bench:
        outcome = await bench.read_chip(chip)
        told(__doc__, outcome, SmartCardFault.NOT_SUPPORTED, bench.driver.status)
        assert chip.answers == 1, "a bank card is asked nothing more than whether it is ours"
