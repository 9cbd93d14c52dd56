"""The A4 printer goes off in the middle of a job: whether the sheet came out nobody can tell.

Device: document_printer
Resident: 如果纸已经出来，证明有效，请取走；如果没有，请拨打 12345，报下面的编号。
Staff: reset
"""

from __future__ import annotations

from pathlib import Path

from backend.contract.kiosk_api import CertificateState
from tests.drivers.link.waiting import until
from tests.faults.a4_bench import bench
from tests.faults.resident import sees, staff


async def test_neither_printed_nor_voided(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        b.engine.sheet_s = 60.0

        async def plug() -> None:
            await until(lambda: b.responder.jobs)
            await b.responder.stop()

        told = await b.prints(plug)
        assert told is not None
        sees(__doc__, told.body)
        staff(__doc__, b.printer.status)
        assert b.certificate is CertificateState.DELIVERY_UNKNOWN
        assert told.entries, "the number to ask with"


async def test_connection_broken_after_the_document_went_out(tmp_path: Path) -> None:
    """The job is looked for by its name, found, and followed: nothing is sent twice."""
    async with bench(tmp_path) as b:
        b.behaviour.cut_reply = {0x0002}
        assert await b.prints() is None
        assert b.engine.out == 1
        assert len(b.responder.jobs) == 1
