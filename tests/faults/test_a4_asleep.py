"""The A4 printer drops idle connections while it sleeps: it is not taken for absent.

Device: document_printer
Resident: (nothing: the certificate is printed)
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from tests.faults.a4_bench import bench
from tests.faults.resident import staff


async def test_asked_again_on_a_fresh_connection(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        b.behaviour.keep_alive = True
        assert await b.look() is None
        b.behaviour.drop_kept = True
        assert await b.look() is None
        assert await b.prints() is None
        staff(__doc__, b.printer.status)
        assert b.engine.out == 1
