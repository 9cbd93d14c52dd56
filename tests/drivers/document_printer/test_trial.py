"""`menkou devices test document_printer` with a scripted technician."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from drivers.document_printer.driver import IppDocumentPrinter
from drivers.document_printer.following import Timing
from drivers.document_printer.trial import trial
from drivers.virtual.ipp_paper_path import Engine, Trouble
from drivers.virtual.ipp_responder import IppResponder
from tests.drivers.technician.bilingual import english


class Technician:
    """`answer` is called for each question: the hands at the machine."""

    def __init__(self, answer: Callable[[str], bool]) -> None:
        self.said: list[str] = []
        self._answer = answer

    def say(self, zh: str, en: str) -> None:
        self.said.append(english(zh, en))

    async def ask(self, zh: str, en: str) -> bool:
        return self._answer(english(zh, en))


@pytest.fixture
async def responder() -> AsyncIterator[IppResponder]:
    responder = IppResponder(Engine())
    await responder.start()
    yield responder
    await responder.stop()


@pytest.fixture
async def printer(responder: IppResponder) -> AsyncIterator[IppDocumentPrinter]:
    printer = IppDocumentPrinter(responder.uri, timing=Timing(poll_s=0.02, settle_s=0.2, cancel_s=5.0))
    yield printer
    await printer.close()


async def test_good_page(responder: IppResponder, printer: IppDocumentPrinter) -> None:
    technician = Technician(lambda _: True)
    assert await trial(printer, technician)
    assert technician.said[-1].startswith("Job 1: completed")
    assert responder.jobs[1].document.startswith(b"%PDF")


async def test_smeared_page(printer: IppDocumentPrinter) -> None:
    assert not await trial(printer, Technician(lambda _: False))


async def test_jam_is_mended(responder: IppResponder, printer: IppDocumentPrinter) -> None:
    engine = responder.engine
    assert engine is not None
    engine.trouble = Trouble(("media-jam-error",))

    def hands(question: str) -> bool:
        if "mended" in question:
            engine.mend()
        return True

    technician = Technician(hands)
    assert await trial(printer, technician)
    assert any("stopped" in line and "media-jam" in line for line in technician.said)


async def test_jam_is_given_up(responder: IppResponder, printer: IppDocumentPrinter) -> None:
    assert responder.engine is not None
    responder.engine.trouble = Trouble(("media-jam-error",))
    technician = Technician(lambda _: False)
    assert not await trial(printer, technician)
    assert technician.said[-1] == "Job 1: canceled (job-canceled-by-user)"


async def test_nobody_there(responder: IppResponder, printer: IppDocumentPrinter) -> None:
    await responder.stop()
    technician = Technician(lambda _: True)
    assert not await trial(printer, technician)
    assert technician.said[-1] == "Test page not accepted: offline"
