"""A real driver on a simulated A4 printer, and a resident who has a certificate printed."""

from __future__ import annotations

import asyncio
import io
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pypdfium2

from backend.contract.kiosk_api import CertificateState, IssuedCertificate, IssueRequest
from content.schema.text import Text
from drivers.document_printer.client import IppClient
from drivers.document_printer.driver import IppDocumentPrinter
from drivers.document_printer.following import Timing
from drivers.document_printer.port import JobState, PrintJob
from drivers.document_printer.trial_page import build_test_page
from drivers.virtual.ipp_paper_path import Engine, Trouble
from drivers.virtual.ipp_responder import Behaviour, IppResponder
from kiosk.journeys.context import JourneyOver
from kiosk.screens import Message
from tests.drivers.link.waiting import PATIENCE_S, until
from tests.faults.resident import PROOF, tile
from tests.kiosk.journeys.fakes import World
from tests.kiosk.journeys.house import House

TIMING = Timing(poll_s=0.02, silence_s=0.4, settle_s=0.2, cancel_s=5.0)
PAGE = build_test_page("Certificate")
__all__ = ["PAGE", "TIMING", "Bench", "Trouble", "bench", "two_pages"]


def two_pages() -> bytes:
    """A PDF."""
    document, file = pypdfium2.PdfDocument.new(), io.BytesIO()
    for _ in range(2):
        document.new_page(595, 842)
    document.save(file)
    return file.getvalue()


@dataclass
class Bench:
    responder: IppResponder
    printer: IppDocumentPrinter
    house: House

    @property
    def behaviour(self) -> Behaviour:
        return self.responder.behaviour

    @property
    def engine(self) -> Engine:
        assert self.responder.engine is not None
        return self.responder.engine

    def tile(self) -> Text | None:
        return tile(PROOF, self.house.terminal.devices)

    async def look(self) -> Text | None:
        """The terminal looks after its devices now and then; what stands on the tile afterwards."""
        await self.printer.refresh()
        return self.tile()

    @property
    def certificate(self) -> CertificateState:
        """What became of the only one."""
        [state] = self.house.world.certificates.values()
        return state

    async def has_printed(self) -> None:
        """An earlier page, by which the driver knows what this printer counts."""
        job = await self.printer.submit(PAGE, "earlier-page")
        assert isinstance(job, PrintJob), job
        last = [look async for look in self.printer.follow(job)][-1]
        assert last.state is JobState.COMPLETED, last
        self.engine.out = 0

    def messages(self) -> list[Message]:
        return [screen for screen in self.house.stage.seen if isinstance(screen, Message)]

    async def held(self) -> Message:
        """Until the resident is told that somebody has to help; that screen."""
        await until(self.messages)
        return self.messages()[-1]

    async def prints(self, meanwhile: Callable[[], Awaitable[object]] | None = None) -> Message | None:
        """A resident has a certificate printed; `meanwhile` runs beside it. The last message, None when all went
        well."""
        beside = asyncio.ensure_future(meanwhile()) if meanwhile is not None else None
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self.house.certificate()
        except JourneyOver:
            return self.messages()[-1]
        finally:
            if beside is not None:
                await asyncio.wait_for(beside, PATIENCE_S)
        return None


@asynccontextmanager
async def bench(
    tmp_path: Path, *, tls: ssl.SSLContext | None = None, reply_s: float = 2.0, pdf: bytes = PAGE, **answers: Any
) -> AsyncIterator[Bench]:
    """`answers`: of the resident, by kind of screen. `reply_s`: how long a reply may take."""
    responder = IppResponder(Engine(), tls=tls)
    await responder.start()
    printer = IppDocumentPrinter(responder.uri, timing=TIMING, client=IppClient(responder.uri, reply_s=reply_s))

    async def certificate_file(intent_id: str) -> bytes:
        return pdf

    async def issue(request: IssueRequest) -> Any:
        issued = await issue_one_page(request)
        pages = len(pypdfium2.PdfDocument(pdf))
        return issued.model_copy(update={"pages": pages}) if isinstance(issued, IssuedCertificate) else issued

    async with House(tmp_path / "journal.sqlite3", World(), **answers) as house:
        house.document_printer = printer  # type: ignore[assignment]
        issue_one_page, house.link.issue = house.link.issue, issue  # type: ignore[method-assign]
        house.link.certificate_file = certificate_file  # type: ignore[method-assign]
        try:
            await printer.open()
            yield Bench(responder, printer, house)
        finally:
            await printer.close()
            await responder.stop()
