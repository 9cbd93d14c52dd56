"""Why a sheet did not come out, and what became of the blank it was to be printed on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from backend.contract.kiosk_api import DeliveryOutcome, DeliveryReport
from backend.contract.service_api import StockLeft, StockUse
from drivers.document_printer.port import JobProgress, JobState
from kiosk.journeys.context import Journey, JourneyOver
from kiosk.journeys.issue_certificate import issue_certificate
from kiosk.link.client import Unreachable
from tests.kiosk.journeys.fakes import FakeLink, Points, World
from tests.kiosk.journeys.house import SERVICES, House

STOCK = "licence-blanks"


class _Link(FakeLink):
    def __init__(self, world: World) -> None:
        super().__init__(world, Points())
        self.stock: dict[str, int] = {STOCK: 3}
        self.told: list[Any] = []
        self.down = False

    async def stock_used(self, stock: str, use: StockUse) -> Any:
        self.told.append((stock, use.spoilt))
        return StockLeft(left=2)

    async def report_delivery(self, intent_id: str, report: DeliveryReport) -> Any:
        self.told.append(report)
        return Unreachable("down") if self.down else await super().report_delivery(intent_id, report)


def _house(tmp_path: Path, *script: JobProgress, **answers: Any) -> tuple[House, _Link]:
    house = House(tmp_path / "j.sqlite3", World(), **answers)
    link = _Link(house.world)
    house.link = link
    house.document_printer.script = list(script)
    return house, link


async def _licence(house: House) -> None:
    service = SERVICES["social-insurance-enrolment-proof"]
    assert service.certificate is not None
    counted = service.certificate.model_copy(update={"stock": STOCK})
    await issue_certificate(Journey(house.terminal, service.model_copy(update={"certificate": counted})))


JAM = JobProgress(JobState.STOPPED, 0, frozenset({"media-jam", "media-needed"}))
EMPTY = JobProgress(JobState.STOPPED, 0, frozenset({"media-empty"}))


async def test_a_printed_licence_uses_its_blank(tmp_path: Path) -> None:
    house, link = _house(tmp_path)
    async with house:
        await _licence(house)
    assert link.told == [(STOCK, False), DeliveryReport(outcome=DeliveryOutcome.PRINTED)]
    assert link.stock == {STOCK: 2}


async def test_a_jam_spoils_the_blank_and_is_told(tmp_path: Path) -> None:
    house, link = _house(tmp_path, JAM, Message="give-up")
    async with house:
        with pytest.raises(JourneyOver):
            await _licence(house)
    assert link.told == [(STOCK, True), DeliveryReport(outcome=DeliveryOutcome.NOT_PRINTED, reason="media-jam")]


async def test_paper_that_was_out_spoils_nothing(tmp_path: Path) -> None:
    house, link = _house(tmp_path, EMPTY, Message="give-up")
    async with house:
        with pytest.raises(JourneyOver):
            await _licence(house)
    assert link.told == [DeliveryReport(outcome=DeliveryOutcome.NOT_PRINTED, reason="media-empty")]


async def test_recovery_still_knows_why(tmp_path: Path) -> None:
    house, link = _house(tmp_path, JAM, Message="give-up")
    link.down = True
    async with house:
        with pytest.raises(JourneyOver):
            await _licence(house)
        link.down, link.told = False, []
        assert await house.recover() == 0
    assert link.told == [DeliveryReport(outcome=DeliveryOutcome.NOT_PRINTED, reason="media-jam")]
