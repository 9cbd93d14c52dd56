"""The A4 printer answers nonsense: no IPP, half a message, the answer to another question.

Device: document_printer
Resident: A4 打印机暂时不能用
Staff: reset
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.faults.a4_bench import bench
from tests.faults.resident import sees, staff

NONSENSE: dict[str, dict[str, Any]] = {
    "a web page": {"garbage": b"<html><body>Log in</body></html>"},
    "nothing": {"garbage": b""},
    "cut in a field": {"garbage": bytes.fromhex("020000000000000104230010") + b"printer"},
    "to another question": {"wrong_request_id": True},
    "no reasons": {"printer_reasons": None},
    "impossible state": {"printer_state": 42},
}


@pytest.mark.parametrize("how", list(NONSENSE.values()), ids=list(NONSENSE))
async def test_unknown_is_never_ok(tmp_path: Path, how: dict[str, Any]) -> None:
    async with bench(tmp_path) as b:
        assert b.tile() is None
        for name, value in how.items():
            setattr(b.behaviour, name, value)
        sees(__doc__, await b.look())
        staff(__doc__, b.printer.status)
