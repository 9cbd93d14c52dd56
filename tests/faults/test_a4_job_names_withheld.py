"""The A4 printer tells nobody the names of its jobs, or cuts them short: a job of ours may be among them.

Device: document_printer
Resident: 如果纸已经出来，证明有效，请取走；如果没有，请拨打 12345，报下面的编号。
Staff: none
"""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.contract.kiosk_api import CertificateState
from drivers.document_printer.driver import IppDocumentPrinter
from drivers.virtual.ipp_responder import PRINT_JOB
from kiosk.journal.journal import IntentKind, Phase
from tests.drivers.link.waiting import until
from tests.faults.a4_bench import TIMING, bench
from tests.faults.resident import sees, staff

CUT = 20  # octets, of 25


@pytest.mark.parametrize("octets", [0, 6])
async def test_reply_lost(tmp_path: Path, octets: int) -> None:
    """Its number was never heard, and its name tells nothing."""
    async with bench(tmp_path) as b:
        b.behaviour.name_octets, b.behaviour.cut_reply = octets, {PRINT_JOB}
        told = await b.prints()
        assert told is not None
        sees(__doc__, told.body)
        await until(lambda: b.engine.out)
        await b.printer.refresh()
        staff(__doc__, b.printer.status)
        assert b.certificate is CertificateState.DELIVERY_UNKNOWN


@pytest.mark.parametrize(
    ("octets", "verdict"),
    [
        (0, CertificateState.ISSUED),  # nothing is decided: asked again, and unknown in the end
        (6, CertificateState.ISSUED),
        (CUT, CertificateState.DELIVERED),
        (None, CertificateState.DELIVERED),
    ],
)
async def test_terminal_died_before_it_heard_the_number(
    tmp_path: Path, octets: int | None, verdict: CertificateState
) -> None:
    async with bench(tmp_path) as b:
        b.behaviour.name_octets = octets
        intent = await b.house.journal.begin(IntentKind.CERTIFICATE, session="s", service="proof")
        await b.house.journal.advance(intent.id, Phase.PRINTING)
        b.house.world.certificates[intent.id] = CertificateState.ISSUED
        await b.printer.submit(await b.house.link.certificate_file(intent.id), intent.id)
        fresh = IppDocumentPrinter(b.responder.uri, timing=TIMING)
        b.house.document_printer = fresh  # type: ignore[assignment]
        try:
            await until(lambda: b.engine.out)
            await b.house.recover()
        finally:
            await fresh.close()
        assert b.certificate is verdict
        assert bool(await b.house.journal.open_intents()) is (verdict is CertificateState.ISSUED)


async def test_not_named_but_numbered(tmp_path: Path) -> None:
    """A job whose number was heard is ours without a name."""
    async with bench(tmp_path) as b:
        b.behaviour.name_octets = 0
        assert await b.prints() is None
        assert b.certificate is CertificateState.DELIVERED
