"""A name with a character that no receipt printer's font has: it is drawn, never replaced by another or by a question
mark.

Device: receipt_printer
Resident: (nothing: the name on the slip is right)
Staff: none
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from drivers.receipt_printer.port import Pair, Receipt
from drivers.receipt_printer.profile import EPSON_80
from drivers.receipt_printer.render import render
from tests.faults.receipt_bench import serial_bench
from tests.faults.resident import staff


async def test_drawn_as_dots(tmp_path: Path) -> None:
    async with serial_bench(tmp_path) as b:
        plain: Any = b.house.link._payment

        def rare(intent_id: str) -> Any:
            return plain(intent_id).model_copy(update={"customer_masked": "𠮷*㛃"})

        b.house.link._payment = rare  # type: ignore[method-assign]
        assert await b.pays() is None
        staff(__doc__, b.printer.status)
        [slip] = b.device.slips
        assert "[image 576x30]" in slip.text
        assert "?" not in slip.text
        assert "�" not in slip.text
        assert "𠮷".encode("gb18030") not in slip.raw
        ink = np.asarray(Image.open(io.BytesIO(slip.png)).convert("L")) < 128
        assert ink.sum() > 1000


def test_nothing_in_a_drawn_line_is_taken_for_a_question() -> None:
    """Printers obey DLE EOT, DLE ENQ and DLE DC4 even inside a picture."""
    for first in range(0x20000, 0x20400, 16):
        name = "".join(chr(first + i) for i in range(16))
        raw = render(Receipt((Pair("户名", name),)), EPSON_80)
        assert not any(bytes((0x10, code)) in raw for code in (0x04, 0x05, 0x14)), hex(first)
