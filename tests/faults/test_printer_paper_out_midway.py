"""The printer runs dry in mid-job: held, then continued, or given up and voided, and the resident is told.

Device: document_printer
Resident: 打印机没有纸了，请呼叫工作人员添纸，添好会接着打；也可以不打了，这份证明会作废。
Staff: clear
"""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.contract.kiosk_api import CertificateState
from drivers.document_printer.port import JobProgress, JobState
from kiosk.journeys import texts
from kiosk.journeys.context import JourneyOver
from kiosk.screens import Message
from tests.kiosk.journeys.fakes import Wait, World
from tests.kiosk.journeys.house import House

DRY = JobProgress(JobState.STOPPED, 0, frozenset({"media-empty"}))
RUNNING = JobProgress(JobState.PROCESSING, 0)


async def test_held_then_continued(tmp_path: Path) -> None:
    async with House(tmp_path / "j.sqlite3", World(), Message=Wait()) as house:
        house.document_printer.script = [RUNNING, DRY, RUNNING]
        await house.certificate()
        held = [screen for screen in house.stage.seen if isinstance(screen, Message)]
        assert [screen.body for screen in held] == [texts.PRINTER_HELD_BODY["media-empty"]]
        assert list(house.world.certificates.values()) == [CertificateState.DELIVERED]


@pytest.mark.parametrize("answer", ["give-up", Wait()])
async def test_given_up_or_nobody_came(tmp_path: Path, answer: object) -> None:
    async with House(tmp_path / "j.sqlite3", World(), Message=[answer, "ok"]) as house:
        house.document_printer.script = [RUNNING, DRY]
        with pytest.raises(JourneyOver):
            await house.certificate()
        assert list(house.world.certificates.values()) == [CertificateState.VOIDED]
        assert house.stage.seen[-1].body == texts.PRINT_FAILED_BODY  # type: ignore[union-attr]
        assert not house.world.sheets


async def test_voided_even_if_the_network_went_too(tmp_path: Path) -> None:
    """The verdict is in the journal before the backend is told: recovery needs no printer that still remembers."""
    world = World()

    def give_up(screen: Message) -> str:
        world.backend = "gone"
        return "give-up" if screen.buttons[0].value == "give-up" else "ok"

    async with House(tmp_path / "j.sqlite3", world, Message=give_up) as house:
        house.document_printer.script = [RUNNING, DRY]
        with pytest.raises(JourneyOver):
            await house.certificate()
    world.backend = "up"
    world.jobs.clear()  # the printer has forgotten everything
    async with House(tmp_path / "j.sqlite3", world) as house:
        assert await house.recover() == 0
    assert list(world.certificates.values()) == [CertificateState.VOIDED]
