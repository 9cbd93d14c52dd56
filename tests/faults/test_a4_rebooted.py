"""The A4 printer restarts in the middle of a job and counts from one again: by now the job's number is another's.

Device: document_printer
Resident: 如果纸已经出来，证明有效，请取走；如果没有，请拨打 12345，报下面的编号。
Staff: none
"""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.contract.kiosk_api import CertificateState
from tests.drivers.link.waiting import until
from tests.faults.a4_bench import bench
from tests.faults.resident import sees, staff


@pytest.mark.parametrize("anothers", [False, True])
async def test_unknown_and_never_printed(tmp_path: Path, anothers: bool) -> None:
    async with bench(tmp_path) as b:
        b.engine.sheet_s = 60.0

        async def restart() -> None:
            await until(lambda: b.responder.jobs)
            await b.responder.reboot()
            if anothers:
                job = b.responder.add_job_of_another()
                job.state, job.sheets, job.reasons = 9, 1, ["job-completed-successfully"]

        told = await b.prints(restart)
        assert told is not None
        sees(__doc__, told.body)
        await b.printer.refresh()
        staff(__doc__, b.printer.status)
        assert b.certificate is CertificateState.DELIVERY_UNKNOWN
