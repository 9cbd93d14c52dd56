"""The journeys and the real backend, joined in one process: what the one hands in, the other takes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from backend.sandbox.licences import LicenceWish, make_licence
from kiosk.journal.journal import Outcome
from kiosk.journeys.context import JourneyOver
from kiosk.link.client import BackendLink
from kiosk.paper_camera import PaperPicture
from kiosk.screens import Message
from kiosk.service_screens import Filled, Form, SaveAndLeave, Tick
from tests.backend.cases.world import APPLY, COMPANY, FREE, INSTANT, PACKAGE, SIGNED, counter, png
from tests.backend.house import BACKEND
from tests.backend.house import House as Counter
from tests.kiosk.journeys.fakes import Wait
from tests.kiosk.journeys.office import Office, choices, fill
from tests.kiosk.journeys.service_world import FakeScanner, ServiceWorld

ANSWERS = {
    "phone": "13800000017",
    "rent": "200000",
    "true": "yes",
    "applicant": "示范小店",
    "count": "3",
    "since": "2020-01-01",
    "why": "work",
    "address": "青口县示范路 8 号",
}


class _Known(httpx.AsyncBaseTransport):
    """As this kiosk."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.headers["Authorization"] = f"Bearer {self._counter.tokens['kiosk-1']}"
        return await self._counter.streets.handle_async_request(request)


def answer(screen: Form) -> Filled:
    return fill(screen, **{name: value for name, value in ANSWERS.items() if not _entry(screen, name).value})


def _entry(screen: Form, name: str) -> Any:
    return next((entry for entry in screen.fields if entry.name == name), screen.fields[0])


@pytest.fixture
async def backend(tmp_path: Path) -> AsyncIterator[Counter]:
    async with counter(tmp_path / "backend") as house:
        yield house


def office(tmp_path: Path, backend: Counter, world: ServiceWorld, **answers: Any) -> Office:
    made = Office(tmp_path / "j.sqlite3", world, **{"Form": answer, "Sign": png(40, 20), **answers})
    made.link = BackendLink(transport=_Known(backend))  # type: ignore[assignment]
    made.link.use(BACKEND)  # type: ignore[attr-defined]
    assert made.paper_camera is not None
    made.paper_camera.pictures = [PaperPicture(png(30 + size, 20), png()) for size in range(20)]
    return made


async def walked(tmp_path: Path, backend: Counter, service: Any, **answers: Any) -> tuple[Office, ServiceWorld]:
    world = ServiceWorld()
    async with office(tmp_path, backend, world, **answers) as made:
        await made.walk(service)
        assert {each.outcome for each in await made.journal.all_intents()} == {Outcome.DONE}
    assert len(world.slips) == 1
    return made, world


@pytest.mark.parametrize("service", [APPLY, INSTANT, FREE, SIGNED, PACKAGE], ids=lambda service: service.id)
async def test_taken(tmp_path: Path, backend: Counter, service: Any) -> None:
    made, world = await walked(tmp_path, backend, service)
    told = made.screens(Message)[-1]
    numbers = [entry.value.zh for entry in told.entries]
    assert any(len(number) == 43 for number in numbers), "a case number"
    assert numbers[0] in str(world.slips[0])


async def test_taken_for_another(tmp_path: Path, backend: Counter) -> None:
    await walked(tmp_path, backend, APPLY, Choose=choices(way="face", whom="another"))


async def test_what_departments_know_is_filled_in(tmp_path: Path, backend: Counter) -> None:
    world = ServiceWorld()
    async with office(tmp_path, backend, world) as made:
        made.reader.card = _card_of_zhang(made.reader.card)
        await made.walk(APPLY)
        address = _entry(made.screens(Form)[0], "address")
    assert address.value == "青口县示范路 1 号"
    assert address.source is not None


def _card_of_zhang(card: Any) -> Any:
    return replace(card, name="张示范", number="519999199001010017")


async def test_some_parts_of_a_package(tmp_path: Path, backend: Counter) -> None:
    made, _ = await walked(tmp_path, backend, PACKAGE, Tick=("licence",))
    assert [item.value for item in made.screens(Tick)[0].items] == ["licence", "staff", "tax"]
    labels = [entry.label.zh for entry in made.screens(Message)[-1].entries]
    assert "事项licence" in labels
    assert "事项tax" not in labels


async def test_saved_here_and_gone_on_with(tmp_path: Path, backend: Counter) -> None:
    world = ServiceWorld()

    async with office(tmp_path, backend, world, Form=lambda screen: SaveAndLeave(answer(screen).values)) as made:
        with pytest.raises(JourneyOver):
            await made.walk(APPLY)
        code = made.screens(Message)[-1].entries[0].value.zh.replace(" ", "")
    (tmp_path / "j.sqlite3").unlink()
    made, _ = await walked(
        tmp_path,
        backend,
        APPLY,
        Choose=choices(way="face", start="resume"),
        Keypad=code,
        Form=lambda screen: Filled({entry.name: entry.value for entry in screen.fields}),
    )
    assert _entry(made.screens(Form)[0], "rent").value == "200000"


@pytest.mark.parametrize(
    ("holder", "forged", "accepted"), [("李样本", False, True), ("张示范", False, False), ("李样本", True, False)]
)
async def test_organisations_by_a_licence_of_the_registry(
    tmp_path: Path, backend: Counter, holder: str, forged: bool, accepted: bool
) -> None:
    """The card before the reader is 李样本's."""
    world = ServiceWorld()
    async with office(tmp_path, backend, world, ScanCode=Wait()) as made:
        made.scanner = FakeScanner(make_licence(LicenceWish(legal_rep=holder, forged=forged)))
        if accepted:
            await made.walk(COMPANY)
        else:
            with pytest.raises(JourneyOver):
                await made.walk(COMPANY)
            assert made.screens(Message)[-1].question.zh == "执照没有通过核验"
        assert not await made.journal.open_intents()
    assert len(world.slips) == accepted
