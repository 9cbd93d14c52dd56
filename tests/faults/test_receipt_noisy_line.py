"""Noise on the receipt printer's line: bytes before and behind every answer.

Device: receipt_printer
Resident: (nothing: the slip comes out)
Staff: none
"""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.receipt_printer.profile import EPSON_80, GB_80, GENERIC_80, PrinterProfile
from drivers.virtual.pty import Delivery
from drivers.virtual.receipt_printer import Model
from tests.faults.receipt_bench import serial_bench
from tests.faults.resident import staff

ROUGH = {
    "noise": Delivery(noise=b"\x00\xff\x81"),
    "glued": Delivery(glued=b"\x10\x00\x00\x00"),
    "one byte at a time": Delivery(byte_by_byte=True),
}


BARE = Model(process_id=False, counters=False, automatic_status=False, ids=None)
PRINTERS = {"epson-80": (EPSON_80, Model()), "gb-80": (GB_80, BARE), "generic-80": (GENERIC_80, BARE)}


@pytest.mark.parametrize(("profile", "model"), list(PRINTERS.values()), ids=list(PRINTERS))
@pytest.mark.parametrize("how", list(ROUGH.values()), ids=list(ROUGH))
async def test_answers_are_found_in_it(tmp_path: Path, how: Delivery, profile: PrinterProfile, model: Model) -> None:
    async with serial_bench(tmp_path, profile=profile, model=model) as b:
        b.device.delivery = how
        assert await b.pays() is None
        assert len(b.device.slips) == 1
        await b.until_tile(None)
        staff(__doc__, b.printer.status)
