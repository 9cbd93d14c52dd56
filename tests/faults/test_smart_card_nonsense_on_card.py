"""The number on the card fails its check, or the card is made to do harm.

Device: smart_card
Resident: (not asked for by any service yet) 卡片读不出来。请芯片朝上再插一次，或改用身份证。
Staff: none
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from drivers.smart_card.port import SmartCardFault
from drivers.virtual.social_security_card import Record, VirtualChip, ef05, ef06
from tests.faults.smart_card_bench import HOLDER, impatient, read_alone, smart_card_bench, told

NUMBER, NAME = 0x08, 0x09


def with_record(identifier: int, value: bytes) -> VirtualChip:
    records = tuple(replace(r, value=value) if r.identifier == identifier else r for r in ef06(HOLDER))
    return VirtualChip({0xEF05: ef05(HOLDER), 0xEF06: records})


@pytest.mark.parametrize(
    "chip",
    [
        with_record(NUMBER, b"519999199001010018"),  # check character
        with_record(NUMBER, b"519999199013010017"),  # month
        with_record(NAME, b"\x1b\x07" * 15),
        with_record(NAME, b"\xff\xfe" * 15),
        VirtualChip({0xEF06: (Record(NUMBER, b""), Record(NAME, b""))}),
    ],
)
async def test_not_believed(chip: VirtualChip) -> None:
    assert await read_alone(chip) is SmartCardFault.UNREADABLE


async def test_what_the_resident_sees(tmp_path: Path) -> None:
    async with smart_card_bench(tmp_path, timings=impatient(removal_notice=0.05)) as bench:
        outcome = await bench.read_chip(with_record(NUMBER, b"519999199001010018"))
        told(__doc__, outcome, SmartCardFault.UNREADABLE, bench.driver.status)
