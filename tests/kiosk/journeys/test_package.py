"""一件事: parts by situation, all or some, one form, one case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kiosk.journeys import service_texts as texts
from kiosk.journeys.context import JourneyOver
from kiosk.screens import Choose, Nav, Review
from kiosk.service_screens import Filled, Form, Papers, PapersAnswer, SaveAndLeave, Tick
from tests.kiosk.journeys.office import Office, choices, fill, request
from tests.kiosk.journeys.sample_services import SHOP, service
from tests.kiosk.journeys.service_world import ServiceWorld


async def test_all_of_it_with_each_fact_asked_once(tmp_path: Path) -> None:
    world = ServiceWorld()
    async with Office(tmp_path / "j.sqlite3", world) as office:
        await office.walk(service(SHOP))
        [tick] = office.screens(Tick)
        items = {item.value: item for item in tick.items}
        assert list(items) == ["licence", "food", "sign"], "tobacco is not for those who sell food"
        assert items["licence"].fixed
        assert items["licence"].reason is not None
        assert items["sign"].needs == ("food",)
        assert tick.note == texts.LED_BY.format(
            leads=office.terminal.department("market"), partners=office.terminal.department("fire")
        )
        asked = [entry.name for screen in office.screens(Form) for entry in screen.fields]
        assert asked == ["shop_name", "shop_address", "dishes", "sign_text", "owner"]
        assert [paper.id for paper in office.screens(Papers)[0].papers] == ["lease"]
        printed = "\n".join(str(vars(part)) for part in world.slips[0].parts)
    sent = request(world)
    assert sent.parts == ["licence", "food", "sign"]
    assert sent.form["shop_address"] == "青口县样本路 2 号"
    for part in sent.parts:
        assert f"{part}局" in printed, "one receipt names every department"


async def test_a_part_of_it(tmp_path: Path) -> None:
    world = ServiceWorld()
    async with Office(tmp_path / "j.sqlite3", world, Tick=("licence",)) as office:
        await office.walk(service(SHOP))
        [form] = office.screens(Form)
        assert [entry.name for entry in form.fields] == ["shop_name", "shop_address"]
    assert request(world).parts == ["licence"]


async def test_what_the_law_wants_and_what_is_needed_comes_along(tmp_path: Path) -> None:
    """Whatever a screen answers."""
    world = ServiceWorld()
    async with Office(tmp_path / "j.sqlite3", world, Tick=("sign",)) as office:
        await office.walk(service(SHOP))
    assert request(world).parts == ["licence", "food", "sign"]


async def test_another_answer_brings_other_parts(tmp_path: Path) -> None:
    sells = iter(["food", "tobacco"])
    ticks: list[Any] = [Nav.BACK, lambda screen: tuple(item.value for item in screen.items)]
    world = ServiceWorld()

    def choose(screen: Choose) -> Any:
        return next(sells) if screen.question.zh == "卖什么？" else choices(way="face")(screen)

    async with Office(tmp_path / "j.sqlite3", world, Choose=choose, Tick=ticks) as office:
        await office.walk(service(SHOP))
        notes = [screen.note.zh for screen in office.screens(Tick)]
        assert "市场监管局" in notes[0]
        assert notes[1].startswith("牵头：tobacco"), "a department without a name is called what content calls it"
    assert request(world).parts == ["licence", "tobacco"]
    assert "dishes" not in request(world).form


async def test_a_part_given_up_takes_its_answers_along(tmp_path: Path) -> None:
    """Filled in for everything, then back to the parts: what only the left-out parts asked is not handed in."""
    ticks: list[Any] = [("licence", "food", "sign"), ("licence",)]
    reviews = iter([Nav.BACK, None])
    forms = iter([fill, lambda screen: Nav.BACK, fill])
    papers = iter(["lease", PapersAnswer.GO_ON, Nav.BACK, PapersAnswer.GO_ON])
    world = ServiceWorld()
    async with Office(
        tmp_path / "j.sqlite3",
        world,
        Tick=ticks,
        Review=lambda screen: next(reviews),
        Form=lambda screen: next(forms)(screen),
        Papers=lambda screen: next(papers),
    ) as office:
        await office.walk(service(SHOP))
        assert "招牌" not in str(office.screens(Review)[-1].entries[0])
    assert set(request(world).form) == {"shop_name", "shop_address"}


async def test_saved_parts_are_not_chosen_again(tmp_path: Path) -> None:
    world = ServiceWorld()
    async with Office(
        tmp_path / "1.sqlite3", world, Tick=("licence", "food"), Form=lambda screen: SaveAndLeave(fill(screen).values)
    ) as office:
        with pytest.raises(JourneyOver):
            await office.walk(service(SHOP))
    [(code, draft)] = world.drafts.items()
    assert draft.parts == ["licence", "food"]
    async with Office(tmp_path / "2.sqlite3", world, Choose=choices(way="face", start="resume"), Keypad=code) as office:
        await office.walk(service(SHOP))
        assert not office.screens(Tick)
        assert office.screens(Form)[0].fields[0].value == "示范小店"
    assert request(world).parts == ["licence", "food"]


async def test_required_by_any_part_is_required(tmp_path: Path) -> None:
    """`food` alone would leave the address out; the licence wants it."""
    world = ServiceWorld()
    pages = iter([{"shop_address": ""}, {}])

    def answer(screen: Form) -> Filled:
        return Filled({**fill(screen).values, **next(pages)})

    async with Office(tmp_path / "j.sqlite3", world, Form=answer) as office:
        await office.walk(service(SHOP))
        assert len(office.screens(Form)) == 2


async def test_a_part_chosen_later_brings_its_prefilled_fields(tmp_path: Path) -> None:
    ticks: list[Any] = [("licence",), ("licence", "food", "sign")]
    forms = iter([lambda screen: Nav.BACK, fill])
    papers = iter(["lease", PapersAnswer.GO_ON, Nav.BACK, PapersAnswer.GO_ON])
    world = ServiceWorld()
    async with Office(
        tmp_path / "j.sqlite3",
        world,
        Tick=ticks,
        Form=lambda screen: next(forms)(screen),
        Papers=lambda screen: next(papers),
    ) as office:
        await office.walk(service(SHOP))
        owner = office.screens(Form)[-1].fields[-1]
    assert owner.locked
    assert request(world).form["owner"] == "李样本"
