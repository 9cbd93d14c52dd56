"""A card of the third generation: its holder's data wants a key that this terminal does not have.

Device: smart_card
Resident: (not asked for by any service yet) 这不是社保卡，或本机还不能读这种卡。请改用身份证。
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from drivers.smart_card.port import SmartCardFault
from drivers.virtual.social_security_card import third_generation_card
from tests.faults.smart_card_bench import HOLDER, smart_card_bench, told


async def test_security_status(tmp_path: Path) -> None:
    async with smart_card_bench(tmp_path) as bench:
        outcome = await bench.read_chip(third_generation_card(HOLDER))
        told(__doc__, outcome, SmartCardFault.NOT_SUPPORTED, bench.driver.status)
