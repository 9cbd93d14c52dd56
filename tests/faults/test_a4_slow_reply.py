"""The A4 printer answers slowly: a byte at a time, in many small chunks, after a pause.

Device: document_printer
Resident: (nothing: the certificate is printed)
Staff: none
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.faults.a4_bench import bench
from tests.faults.resident import staff

SLOW: dict[str, dict[str, Any]] = {
    "bytes": {"byte_by_byte": True},
    "chunks": {"chunked": True},
    "pause": {"delay_s": 0.05},
}


@pytest.mark.parametrize("how", list(SLOW.values()), ids=list(SLOW))
async def test_waited_for(tmp_path: Path, how: dict[str, Any]) -> None:
    async with bench(tmp_path) as b:
        for name, value in how.items():
            setattr(b.behaviour, name, value)
        assert await b.look() is None
        assert await b.prints() is None
        staff(__doc__, b.printer.status)
