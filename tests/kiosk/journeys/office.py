"""The house with everything applications need: a camera for papers, a scanner, a backend that takes cases; and a
resident who fills in forms by what the screens ask."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from backend.contract import service_api as wire
from content.schema.service import Service
from content.schema.text import Text
from drivers.receipt_printer.port import Receipt
from kiosk.idle import PatientStage
from kiosk.journal.recovery import Recovery
from kiosk.journeys.context import Devices, Journey, Terminal
from kiosk.journeys.registry import JOURNEYS
from kiosk.journeys.service_slips import slip_of
from kiosk.screens import Choose, Nav
from kiosk.service_screens import Filled, Form, PapersAnswer, PaperState, ScanAnswer
from tests.kiosk.journeys.fakes import Points
from tests.kiosk.journeys.house import SETTINGS, House
from tests.kiosk.journeys.service_world import PNG, FakePaperCamera, FakeScanner, ServiceLink, ServiceWorld

VALUES = {
    "phone": "13800000000",
    "address": "青口县示范街 1 号",
    "shop_address": "青口县样本路 2 号",
    "living": "own",
    "rent": "120000",
    "matter": "修路灯",
    "new_name": "新名称",
    "shop_name": "示范小店",
    "dishes": "面",
    "sign_text": "示范小店",
    "principal_name": "陈示例",
    "principal_number": "519999194912310181",
}


def fill(screen: Form, **values: str) -> Filled:
    """What is there stays; the rest as in VALUES."""
    known = {entry.name: entry.value for entry in screen.fields if entry.value}
    wanted = {entry.name: VALUES.get(entry.name, "") for entry in screen.fields}
    return Filled(wanted | known | {name: value for name, value in values.items() if name in wanted})


def choices(**wanted: str) -> Callable[[Any], Any]:
    """Chooses by question words; otherwise the first that there is."""

    def answer(screen: Any) -> Any:
        values = [choice.value for choice in screen.choices]
        for value in wanted.values():
            if value in values:
                return value
        return values[0]

    return answer


CHOOSE = choices(way="face", account="card")


def take_papers(screen: Any) -> Any:
    """Scans what has to be, then goes on."""
    if screen.can_go_on:
        return PapersAnswer.GO_ON
    return next(paper.id for paper in screen.papers if paper.state is PaperState.TO_SCAN)


def scan_one(screen: Any) -> Any:
    if screen.png is not None:
        return ScanAnswer.KEEP
    return ScanAnswer.ENOUGH if screen.pages else ScanAnswer.TAKE


ANSWERS: dict[str, Any] = {
    "Form": fill,
    "Papers": take_papers,
    "Scan": scan_one,
    "Sign": PNG + b"a name",
    "Tick": lambda screen: tuple(item.value for item in screen.items if item.chosen),
    "ScanCode": Nav.BACK,
}


def words(receipt: Receipt) -> str:
    return "\n".join(str(vars(part)) for part in receipt.parts)


def request(world: ServiceWorld) -> wire.CaseRequest:
    """The one case."""
    [found] = world.cases.values()
    return found


def asked(office: Office, word: str) -> list[Choose]:
    """The choices whose question begins so."""
    return [screen for screen in office.screens(Choose) if screen.question.zh.startswith(word)]


class Office(House):
    world: ServiceWorld

    def __init__(self, path: Path, world: ServiceWorld, points: Points | None = None, **answers: Any) -> None:
        super().__init__(path, world, points, **{**ANSWERS, **answers})
        self.link = ServiceLink(world, self.points)
        self.paper_camera: FakePaperCamera | None = FakePaperCamera()
        self.scanner: FakeScanner | None = None

    @property
    def terminal(self) -> Terminal:
        patient = PatientStage(self.stage, more_time_s=SETTINGS.more_time_s)
        devices = Devices(self.reader, self.receipt_printer, self.document_printer, self.scanner)  # type: ignore[arg-type]
        terminal = Terminal(
            SETTINGS,
            patient,
            devices,
            self.link,  # type: ignore[arg-type]
            self.journal,
            self.face,
            None,
            self.paper_camera,  # type: ignore[arg-type]
        )
        terminal.departments = {"market": Text("市场监管局", "Market"), "fire": Text("消防", "Fire")}
        return terminal

    async def walk(self, service: Service) -> Journey:
        journey = Journey(self.terminal, service)
        await JOURNEYS[service.journey](journey)
        return journey

    async def recover(self, counter_patience: timedelta = timedelta(minutes=15), **patience: timedelta) -> int:
        recovery = Recovery(
            self.journal,
            self.link,  # type: ignore[arg-type]
            document_printer=self.document_printer,
            receipt_printer=self.receipt_printer,
            slip=lambda done, copy: slip_of(done, SETTINGS, copy=copy),
            slip_patience_s=0.05,
            request_patience=timedelta(0),
            counter_patience=counter_patience,
            **patience,
        )
        return await recovery.resolve_open()

    def screens(self, kind: type) -> list[Any]:
        return [screen for screen in self.stage.seen if isinstance(screen, kind)]
