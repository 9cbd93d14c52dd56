"""One service, walked to its end: the real journey on the scripted stage, over the real backend and its sandbox."""

from __future__ import annotations

import asyncio
import re
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx

from backend.db.engine import writing
from backend.sandbox.departments import departments
from backend.sandbox.licences import make_licence
from backend.stock.loading import load
from content.build import CATALOGUE, build
from content.load import Pack, load_pack
from content.schema.forms import NumberField
from content.schema.service import Kind, Service
from kiosk.journal.journal import Outcome
from kiosk.journeys.context import Terminal
from kiosk.link.client import BackendLink
from kiosk.paper_camera import PaperPicture
from kiosk.screens import Goodbye, Pay
from kiosk.service_screens import Filled, Form, RecordAnswer
from tests.backend.cases.world import png
from tests.backend.house import BACKEND, open_house
from tests.backend.house import House as Counter
from tests.kiosk.journeys.fakes import Wait
from tests.kiosk.journeys.house import SETTINGS
from tests.kiosk.journeys.office import Office
from tests.kiosk.journeys.service_world import FakeScanner, ServiceWorld
from tests.services.samples import sample

ZHANG = ("张示范", "519999199001010017")  # of whom the departments know everything
_AVAILABILITY = re.compile(r"^availability:.*\n(?:[ \t]+.*\n)*", re.MULTILINE)
_CASE_NO = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}[1-6]\d{24}")
STEPS_AT_MOST = 80  # a walk that turns in circles is not waited for


@dataclass
class Walked:
    """What came of it."""

    service: Service
    screens: list[str] = field(default_factory=list)
    slips: int = 0
    sheets: int = 0
    case_no: str = ""
    ms: float = 0.0
    problem: str = ""

    @property
    def output(self) -> str:
        told = []
        if self.sheets:
            told.append(f"{self.sheets} A4")
        if self.slips:
            told.append(f"{self.slips} slip{'s' if self.slips > 1 else ''}")
        if self.case_no:
            told.append(f"case …{self.case_no[-12:]}")
        return ", ".join(told) or "on the screen"


class Stuck(AssertionError):
    """The walk did not come to its end."""


@dataclass
class Hall:
    """The backend with every service of the catalogue, open at all hours."""

    counter: Counter
    pack: Pack
    directory: Path
    case: tuple[str, str] = ("", "")  # number and check code of the last one that was handed in
    walks: int = 0


@asynccontextmanager
async def open_hall(directory: Path) -> AsyncIterator[Hall]:
    source = directory / "content"
    shutil.copytree(CATALOGUE.parent / "templates", source / "templates")
    shutil.copytree(CATALOGUE, source / "catalogue")
    for file in (source / "catalogue").glob("*/*.yaml"):
        # Walkers come at any hour of any day.
        file.write_text(_AVAILABILITY.sub("", file.read_text("utf-8")), "utf-8")
    build(source / "catalogue", directory / "pack")
    pack = load_pack(directory / "pack")
    async with open_house(directory / "rooms", directory / "pack", sweeping=True, gateway_timeout_s=10) as counter:
        hall = Hall(counter, pack, directory)
        await _load_blanks(hall)
        yield hall


async def _load_blanks(hall: Hall) -> None:
    """Counted paper for every licence."""
    stocks = {
        service.certificate.stock
        for service in (hall.pack.services[name] for name in hall.pack.services)
        if service.certificate is not None and service.certificate.stock
    }
    async with writing(hall.counter.backend.state.sessions) as session:
        for stock in sorted(stocks):
            await load(session, "tests", "kiosk-1", stock, "A000001", "A000100", datetime.now(UTC))
        await session.commit()


class _AsKiosk(httpx.AsyncBaseTransport):
    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.headers["Authorization"] = f"Bearer {self._counter.tokens['kiosk-1']}"
        return await self._counter.streets.handle_async_request(request)


class _Terminal(Office):
    """With the patience of a real one: the company books what was paid a moment later."""

    @property
    def terminal(self) -> Terminal:
        terminal = super().terminal
        terminal.settings = SETTINGS.model_copy(update={"booking_patience_s": 20.0})
        return terminal


class Resident:
    """Answers every screen as somebody would who wants the thing done."""

    def __init__(self, hall: Hall, service: Service, today: date) -> None:
        self.hall, self.service, self.today = hall, service, today
        parts = service.package.parts if service.package is not None else []
        every = [*service.form, *(each for part in parts for each in part.form)]
        # A fact that several parts ask for is one field, under one of their names.
        self.fields = {name: each for each in every for name in (each.shared_as, each.name)}
        self.asked = 0

    def answers(self) -> dict[str, Any]:
        return {
            "Form": self.fill,
            "Keypad": self.account,
            "Pay": self.pay,
            "Record": self.record(),
            "Sign": png(60, 30),
            "ScanCode": Wait(),
            "Choose": self.choose,
            "QueueTicket": None,
        }

    def choose(self, screen: Any) -> Any:
        self.asked += 1
        if self.asked > STEPS_AT_MOST:
            raise Stuck(f"asked for ever: {screen.question.zh}")
        values = [choice.value for choice in screen.choices if choice.unavailable is None]
        stops = {
            option.value
            for situation in self.service.situations
            if situation.question == screen.question
            for option in situation.options
            if option.stop is not None
        }
        for wanted in ("face", "self", "new", "type"):
            if wanted in values:
                return wanted
        return next(value for value in values if value not in stops)

    def fill(self, screen: Form) -> Filled:
        self.asked += 1
        if self.asked > STEPS_AT_MOST:
            raise Stuck(f"filled in for ever: {screen.question.zh}; {screen.note.zh if screen.note else ''}")
        values = {entry.name: entry.value for entry in screen.fields}
        for entry in screen.fields:
            known = self.fields.get(entry.name)
            if entry.value or known is None:
                continue
            if self.service.journey is Kind.CASE_STATUS:
                values[entry.name] = self.hall.case[0 if entry.name == "case_no" else 1]
            elif known.required:
                values[entry.name] = sample(known, self.today)
        for entry in screen.fields:
            fault = screen.check(entry.name, values)
            if fault is not None:
                raise Stuck(f"{entry.name}: {fault.zh} ({values[entry.name]})")
        return Filled(values)

    def account(self, screen: Any) -> str:
        if self.service.journey is Kind.BILL_PAYMENT:
            return _owing(self.service)
        field = next(each for each in self.service.form if isinstance(each, NumberField))
        return sample(field, self.today)

    def pay(self, screen: Pay) -> Wait:
        self._paying = asyncio.ensure_future(self.hall.counter.pay(screen.qr))
        return Wait()

    def record(self) -> Any:
        printed: list[bool] = []

        def answer(screen: Any) -> RecordAnswer:
            if screen.can_print and not printed:
                printed.append(True)
                return RecordAnswer.PRINT
            return RecordAnswer.DONE

        return answer


def _owing(service: Service) -> str:
    """An account on which something is due."""
    assert service.operation is not None
    if service.operation == "water.bill":
        return "035012342718"
    known = departments().systems[service.operation.split(".")[0]].known.bills[service.operation]
    return next(account for account, bill in known.items() if bill.bill_no and bill.amount_fen > 0)


async def walk(hall: Hall, name: str) -> Walked:
    """To the goodbye. Raises `Stuck` or whatever went wrong on the way."""
    service = hall.pack.services[name]
    today = date.today()  # noqa: DTZ011 - a resident's day
    hall.walks += 1
    world = ServiceWorld()
    resident = Resident(hall, service, today)
    done = Walked(service)
    began = time.perf_counter()
    async with _Terminal(hall.directory / f"journal-{hall.walks}.sqlite3", world, **resident.answers()) as office:
        office.link = BackendLink(transport=_AsKiosk(hall.counter))  # type: ignore[assignment]
        office.link.use(BACKEND)  # type: ignore[attr-defined]
        office.reader.card = replace(office.reader.card, name=ZHANG[0], number=ZHANG[1])
        if service.auth.organisation:
            office.scanner = FakeScanner(make_licence())
        assert office.paper_camera is not None
        office.paper_camera.pictures = [PaperPicture(png(30 + size, 20), png()) for size in range(40)]
        try:
            await office.walk(service)
        finally:
            done.screens = [type(screen).__name__ for screen in office.stage.seen if screen is not None]
            done.ms = (time.perf_counter() - began) * 1000
            await office.link.close()
        if not isinstance(office.stage.seen[-1], Goodbye):
            raise Stuck(f"ended at {done.screens[-1]}: {office.stage.seen[-1].question.zh}")
        open_ = [intent.kind for intent in await office.journal.all_intents() if intent.outcome is None]
        if open_:
            raise Stuck(f"left open: {open_}")
        if failed := [i.outcome for i in await office.journal.all_intents() if i.outcome is not Outcome.DONE]:
            raise Stuck(f"ended otherwise: {failed}")
    done.slips, done.sheets = len(world.slips), len(world.sheets)
    _remember_case(hall, office, done)
    return done


def _remember_case(hall: Hall, office: Office, done: Walked) -> None:
    for screen in office.stage.seen:
        entries = {entry.label.en: entry.value.zh for entry in getattr(screen, "entries", ())}
        number = next((value for value in entries.values() if _CASE_NO.fullmatch(value)), "")
        if number:
            code = next((value for label, value in entries.items() if "code" in label.lower()), "")
            done.case_no, hall.case = number, (number, code)


def names(pack_or_catalogue: Path = CATALOGUE) -> list[str]:
    """Every service and package, cases before the question how they go."""
    found = [file.stem for file in sorted(pack_or_catalogue.glob("services/*.yaml"))]
    found += [file.stem for file in sorted(pack_or_catalogue.glob("packages/*.yaml"))]
    return sorted(found, key=lambda name: name == "case-progress")
