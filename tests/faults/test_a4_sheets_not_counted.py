"""The A4 printer does not say how many sheets are out, or always 0: what was given up on it may be out.

Device: document_printer
Resident: 如果纸已经出来，证明有效，请取走；如果没有，请拨打 12345，报下面的编号。
Staff: clear
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from backend.contract.kiosk_api import CertificateState
from drivers.document_printer.driver import IppDocumentPrinter
from tests.drivers.link.waiting import until
from tests.faults.a4_bench import TIMING, Trouble, bench, two_pages
from tests.faults.resident import sees, staff
from tests.kiosk.journeys.fakes import Wait

NOT_COUNTED: dict[str, dict[str, Any]] = {
    "always 0": {"counts_sheets": False},
    "not told": {"tells_sheets": False},
    "counter of the engine": {"tells_sheets": False, "impressions": 100},
}


@pytest.mark.parametrize("how", list(NOT_COUNTED.values()), ids=list(NOT_COUNTED))
@pytest.mark.parametrize("earlier", [False, True])
async def test_given_up_with_one_sheet_out(tmp_path: Path, how: dict[str, Any], earlier: bool) -> None:
    async with bench(tmp_path, pdf=two_pages(), Message=["give-up", "ok"]) as b:
        for name, value in how.items():
            setattr(b.behaviour, name, value)
        if earlier:
            await b.has_printed()
        b.engine.trouble = Trouble(("media-jam-error",), sheet=2)
        told = await b.prints()
        assert told is not None
        sees(__doc__, told.body)
        staff(__doc__, b.printer.status)
        assert b.engine.out == 1
        assert b.certificate is CertificateState.DELIVERY_UNKNOWN


@pytest.mark.parametrize("how", list(NOT_COUNTED.values()), ids=list(NOT_COUNTED))
async def test_resident_gone_and_the_job_cancelled_for_them(tmp_path: Path, how: dict[str, Any]) -> None:
    """After the session, too, nothing is voided that may be out."""
    async with bench(tmp_path, pdf=two_pages(), Message=Wait()) as b:
        for name, value in how.items():
            setattr(b.behaviour, name, value)
        b.engine.trouble = Trouble(("media-jam-error",), sheet=2)
        session = asyncio.ensure_future(b.house.certificate())
        await b.held()
        session.cancel()
        await asyncio.wait((session,))
        await until(lambda: b.responder.jobs[1].state == 6)
        assert await b.house.recover() == 0
        assert (b.responder.jobs[1].state, b.engine.out) == (7, 1)
        assert b.certificate is CertificateState.DELIVERY_UNKNOWN


@pytest.mark.parametrize(
    ("counted", "verdict"), [(True, CertificateState.VOIDED), (False, CertificateState.DELIVERY_UNKNOWN)]
)
async def test_terminal_restarted(tmp_path: Path, counted: bool, verdict: CertificateState) -> None:
    """The printer still lists an earlier job, and whether it counted that one."""
    async with bench(tmp_path, Message=Wait()) as b:
        b.behaviour.counts_sheets = counted
        await b.has_printed()
        b.engine.trouble = Trouble(("media-jam-error",))
        session = asyncio.ensure_future(b.house.certificate())
        await b.held()
        session.cancel()
        await asyncio.wait((session,))
        b.responder.jobs[2].state, b.responder.jobs[2].reasons = 7, ["job-canceled-at-device"]
        fresh = IppDocumentPrinter(b.responder.uri, timing=TIMING)
        b.house.document_printer = fresh  # type: ignore[assignment]
        try:
            assert await b.house.recover() == 0
        finally:
            await fresh.close()
        assert b.certificate is verdict


async def test_counter_of_the_engine_that_stood_still(tmp_path: Path) -> None:
    """It moved with an earlier page, and did not with this one: nothing is out."""
    async with bench(tmp_path, Message=["give-up", "ok"]) as b:
        b.behaviour.tells_sheets, b.behaviour.impressions = False, 100
        await b.has_printed()
        b.engine.trouble = Trouble(("media-jam-error",))
        assert await b.prints() is not None
        assert b.engine.out == 0
        assert b.certificate is CertificateState.VOIDED
