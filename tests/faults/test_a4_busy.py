"""Somebody else's job is in the A4 printer when the resident's is sent: it is sent again a second later.

Device: document_printer
Resident: (nothing: the certificate is printed a second later)
Staff: none
"""

from __future__ import annotations

from pathlib import Path

from tests.drivers.link.waiting import until
from tests.faults.a4_bench import bench
from tests.faults.resident import staff


async def test_sent_again_and_printed_once(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        other = b.responder.add_job_of_another()

        async def ends() -> None:
            await until(lambda: 0x0002 in b.responder.requests)
            staff(__doc__, b.printer.status)
            other.state = 9

        assert await b.prints(ends) is None
        assert b.engine.out == 1
