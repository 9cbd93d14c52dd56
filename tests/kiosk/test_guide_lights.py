"""Which lamp shines when, on the way through real journeys."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from content.build import CATALOGUE, build
from content.load import Pack
from drivers.cabinet.port import Light
from drivers.code_scanner.port import CodeKind, ScannedCode
from kiosk.guide_lights import GuideLights
from kiosk.journeys.context import Terminal
from kiosk.screens import GuideAnswer, Nav
from tests.kiosk.cabinets import BrokenCabinet, FakeCabinet, HungCabinet
from tests.kiosk.journeys.fakes import READY, Wait, World
from tests.kiosk.journeys.house import House
from tests.kiosk.test_reception import _end, _reception, _until

CERTIFICATE, WATER = "service:social-insurance-enrolment-proof", "service:water-bill"


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    return build(CATALOGUE, tmp_path_factory.mktemp("pack"))


class LitHouse(House):
    """Notes which lamps are wished for whenever a screen is asked or shown."""

    cabinet: FakeCabinet
    scanner: Any = None

    @property
    def terminal(self) -> Terminal:
        bare = super().terminal
        devices = replace(bare.devices, cabinet=self.cabinet, code_scanner=self.scanner)
        terminal = replace(bare, devices=devices)
        seen: list[tuple[str, frozenset[Light]]] = []
        self.seen_lights = seen
        self.lights = terminal.lights
        ask = self.stage.ask

        async def noted(screen: Any) -> Any:
            asyncio.get_running_loop().call_soon(lambda: seen.append((type(screen).__name__, terminal.lights.shining)))
            await asyncio.sleep(0)
            return await ask(screen)

        self.stage.ask = noted  # type: ignore[method-assign]
        return terminal


class Scanner:
    status = READY

    def __init__(self, code: ScannedCode | None) -> None:
        self.code = code

    async def scan(self, context: object) -> ScannedCode:
        if self.code is None:
            await asyncio.Event().wait()
        await asyncio.sleep(0.01)
        assert self.code is not None
        return self.code


def house_with(path: Path, cabinet: FakeCabinet, **answers: Any) -> LitHouse:
    house = LitHouse(path / "j.sqlite3", World(), **answers)
    house.cabinet = cabinet
    return house


def lit_at(house: LitHouse, screen: str) -> list[frozenset[Light]]:
    return [lights for name, lights in house.seen_lights if name == screen]


async def test_the_reader_while_the_card_is_awaited_the_trays_until_the_goodbye_ends(
    tmp_path: Path, pack: Pack
) -> None:
    async with house_with(tmp_path, FakeCabinet(), Home=[CERTIFICATE, Wait()]) as house:
        task = asyncio.create_task(_reception(house, pack).run())
        await _until(lambda: house.stage.seen.count(None) == 1)  # type: ignore[arg-type]
        await house.lights.settled()
        await _end(task)
    assert lit_at(house, "PlaceCard") == [{Light.ID_READER}]
    assert lit_at(house, "Choose")[0] == set()
    assert lit_at(house, "Preview") == [set()]
    both = {Light.DOCUMENT_TRAY, Light.RECEIPT_TRAY}
    assert lit_at(house, "Rate") == [both]
    assert lit_at(house, "Goodbye")[0] == both
    assert house.cabinet.lit == set()
    assert {light for light, on in house.cabinet.told if on is True} == {Light.ID_READER, *both}


async def test_the_scanner_while_a_code_is_awaited_then_the_slip(tmp_path: Path, pack: Pack) -> None:
    async with house_with(tmp_path, FakeCabinet(), Home=[WATER, Wait()], Keypad=Wait()) as house:
        house.scanner = Scanner(ScannedCode(CodeKind.BILL_ACCOUNT, "035012342718"))
        task = asyncio.create_task(_reception(house, pack).run())
        await _until(lambda: house.stage.seen.count(None) == 1)  # type: ignore[arg-type]
        await house.lights.settled()
        await _end(task)
    assert lit_at(house, "Keypad") == [{Light.SCANNER}]
    assert lit_at(house, "Review") == [set()]
    assert lit_at(house, "Goodbye") == [{Light.RECEIPT_TRAY}]
    assert house.cabinet.lit == set()


@pytest.mark.parametrize(
    ("service", "screen", "lights"),
    [(CERTIFICATE, "PlaceCard", Light.ID_READER), (WATER, "Keypad", Light.SCANNER), (CERTIFICATE, "Rate", None)],
)
async def test_all_off_when_the_resident_leaves(
    tmp_path: Path, pack: Pack, service: str, screen: str, lights: Light | None
) -> None:
    answers: dict[str, Any] = {"Home": [service, Wait()], screen: Wait()}
    async with house_with(tmp_path, FakeCabinet(), **answers) as house:
        house.scanner = Scanner(None)
        if screen == "PlaceCard":
            house.reader.read_card = lambda *_args: asyncio.sleep(3600)  # type: ignore[method-assign,assignment]
        reception = _reception(house, pack)
        task = asyncio.create_task(reception.run())
        await _until(lambda: bool(lit_at(house, screen)))
        await house.lights.settled()
        assert lights in house.cabinet.lit if lights else Light.DOCUMENT_TRAY in house.cabinet.lit
        reception.leave()
        await _until(lambda: house.stage.seen.count(None) == 1)  # type: ignore[arg-type]
        await house.lights.settled()
        assert house.cabinet.lit == set()
        assert house.lights.shining == set()
        await _end(task)


async def test_all_off_after_a_bug_and_after_going_back(tmp_path: Path, pack: Pack) -> None:
    def explode(_screen: Any) -> Any:
        raise RuntimeError("a bug")

    answers: dict[str, Any] = {
        "Home": [CERTIFICATE, CERTIFICATE, Wait()],
        "Rate": explode,
        "Guide": [GuideAnswer.START, Nav.BACK],
    }
    async with house_with(tmp_path, FakeCabinet(), **answers) as house:
        task = asyncio.create_task(_reception(house, pack).run())
        await _until(lambda: house.stage.seen.count(None) == 2)  # type: ignore[arg-type]
        await house.lights.settled()
        assert (Light.DOCUMENT_TRAY, True) in house.cabinet.told
        assert house.cabinet.lit == set()
        await _end(task)


@pytest.mark.parametrize("cabinet", [BrokenCabinet, HungCabinet])
async def test_a_broken_cabinet_changes_nothing(tmp_path: Path, pack: Pack, cabinet: type[FakeCabinet]) -> None:
    async with house_with(tmp_path, cabinet(), Home=[CERTIFICATE, Wait()]) as house:
        task = asyncio.create_task(_reception(house, pack).run())
        await _until(lambda: house.stage.seen.count(None) == 1)  # type: ignore[arg-type]
        assert len(house.world.sheets) == 1
        await _end(task)


async def test_what_the_cabinet_raises_is_logged(tmp_path: Path) -> None:
    lights = GuideLights(BrokenCabinet())
    with capture_logs() as logs:
        lights.on(Light.SCANNER)
        await lights.settled()
        lights.all_off()
        await lights.settled()
    assert [line["event"] for line in logs] == ["cabinet_wish_failed"] * 2


async def test_without_a_cabinet_there_is_nothing_to_do() -> None:
    lights = GuideLights(None)
    with lights.guiding(Light.ID_READER):
        assert lights.shining == {Light.ID_READER}
    lights.all_off()
    await lights.settled()
