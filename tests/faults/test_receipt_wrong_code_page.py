"""The receipt printer comes up in a code page for western letters, as those made for export do.

Device: receipt_printer
Resident: (nothing: the slip is in Chinese)
Staff: none
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from drivers.receipt_printer.profile import EPSON_80
from drivers.virtual.receipt_printer import Model
from tests.faults.receipt_bench import serial_bench
from tests.faults.resident import staff


async def test_every_slip_says_which_characters_it_means(tmp_path: Path) -> None:
    async with serial_bench(tmp_path, model=Model(starts_in_chinese=False)) as b:
        for _ in range(2):
            assert await b.pays() is None
        staff(__doc__, b.printer.status)
        assert all(slip.text.startswith("缴费凭条") for slip in b.device.slips)


async def test_printer_without_chinese_characters_gets_pictures(tmp_path: Path) -> None:
    async with serial_bench(tmp_path, profile=replace(EPSON_80, font="ascii")) as b:
        assert await b.pays() is None
        [slip] = b.device.slips
        assert slip.text.count("[image 576x") > 10
        assert not any(octet >= 0x81 for octet in slip.raw.split(b"\x1dv0")[0])
