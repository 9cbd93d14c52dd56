"""存下来下次办: saved on one day, gone on with on another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from backend.contract import service_api as wire
from kiosk.journeys import service_texts as texts
from kiosk.journeys.context import JourneyOver
from kiosk.screens import Choose, Keypad, Message, Nav
from kiosk.service_screens import Form, Papers, SaveAndLeave
from tests.kiosk.journeys.office import CHOOSE, Office, asked, choices, fill, request, take_papers, words
from tests.kiosk.journeys.sample_services import ALLOWANCE, service
from tests.kiosk.journeys.service_world import ServiceWorld


async def test_saved_and_gone_on_with(tmp_path: Path, world: ServiceWorld) -> None:
    """Half of the form on one day; the rest on another, without being asked the questions again."""
    first = iter([lambda screen: SaveAndLeave({"phone": "13800000000", "address": "青", "name": ""})])

    async with Office(tmp_path / "1.sqlite3", world, Choose=CHOOSE, Form=lambda screen: next(first)(screen)) as office:
        with pytest.raises(JourneyOver):
            await office.walk(service(ALLOWANCE))
        assert office.screens(Message)[-1].question == texts.SAVED
    [(code, draft)] = world.drafts.items()
    assert draft.form["phone"] == "13800000000"
    assert draft.situation["bank"] == "a"
    assert f"{code[:5]} {code[5:]}" in words(world.slips[0])

    codes = iter(["0000000000", code])
    async with Office(
        tmp_path / "2.sqlite3",
        world,
        Choose=choices(way="face", start="resume", account="card"),
        Keypad=lambda screen: next(codes),
    ) as office:
        await office.walk(service(ALLOWANCE))
        assert not asked(office, "有银行卡")
        assert office.screens(Form)[0].fields[1].value == "13800000000"
    assert request(world).draft_code == code


async def test_answers_that_fit_no_more_are_dropped_and_said_so(tmp_path: Path, world: ServiceWorld) -> None:
    world.drafts["1234567890"] = wire.DraftToSave(
        service_id="sample-allowance",
        service_version=2,
        proof_id="p",
        situation={"age": "yes", "account": "cheque", "gone": "yes"},
        form={"phone": "139", "address": "青口县示范街 1 号", "fax": "1"},
    )
    choose = choices(way="face", start="resume", account="card")
    async with Office(tmp_path / "j.sqlite3", world, Choose=choose, Keypad="1234567890") as office:
        await office.walk(service(ALLOWANCE))
        told = next(screen for screen in office.screens(Message) if screen.question == texts.SERVICE_CHANGED)
        assert "4" in told.body.zh
        assert asked(office, "有银行卡")
        assert not asked(office, "满 80")
    assert request(world).form["address"] == "青口县示范街 1 号"


async def test_new_after_all_forgets_the_opened_draft(tmp_path: Path, world: ServiceWorld) -> None:
    world.drafts["1234567890"] = wire.DraftToSave(
        service_id="sample-allowance",
        service_version=3,
        proof_id="p",
        situation={"age": "yes", "account": "none"},
        form={"phone": "13900000000"},
    )
    starts = iter(["resume", "new"])
    papers = iter([Nav.BACK, take_papers, take_papers, take_papers])

    def choose(screen: Choose) -> Any:
        return next(starts) if screen.question == texts.START_HOW else CHOOSE(screen)

    async with Office(
        tmp_path / "j.sqlite3",
        world,
        Choose=lambda screen: Nav.BACK if _back_to_start(office, screen) else choose(screen),
        Keypad="1234567890",
        Papers=lambda screen: answer(screen) if callable(answer := next(papers)) else answer,
    ) as office:
        await office.walk(service(ALLOWANCE))
    assert request(world).draft_code is None
    assert request(world).form["phone"] == "13800000000"
    assert request(world).situation["account"] == "card"


@pytest.mark.parametrize(
    ("saved_for", "opened_for", "told"),
    [("519999194912310181", "self", texts.CODE_FOR_ANOTHER), ("", "another", texts.CODE_FOR_SELF)],
)
async def test_a_draft_is_gone_on_with_only_for_whom_it_was_saved(
    tmp_path: Path, world: ServiceWorld, saved_for: str, opened_for: str, told: Any
) -> None:
    world.drafts["1234567890"] = wire.DraftToSave(
        service_id="sample-allowance",
        service_version=3,
        proof_id="p",
        form={"phone": "13900000000"},
        principal_number=saved_for,
    )
    codes: list[Any] = ["1234567890", Nav.BACK]
    starts = iter(["resume", "new"])

    def choose(screen: Choose) -> Any:
        if screen.question == texts.START_HOW:
            return next(starts)
        return choices(way="face", whom=opened_for, account="none")(screen)

    async with Office(tmp_path / "j.sqlite3", world, Choose=choose, Keypad=codes) as office:
        await office.walk(service(ALLOWANCE))
        assert [screen.error for screen in office.screens(Keypad)] == [None, told]
    assert request(world).form["phone"] == "13800000000"


async def test_an_agents_draft_says_whose_matter_it_is(tmp_path: Path, world: ServiceWorld) -> None:
    def answer(screen: Form) -> Any:
        return fill(screen) if screen.question == texts.PRINCIPAL else SaveAndLeave({"phone": "13800000000"})

    choose = choices(way="face", whom="another", account="none")
    async with Office(tmp_path / "1.sqlite3", world, Choose=choose, Form=answer) as office:
        with pytest.raises(JourneyOver):
            await office.walk(service(ALLOWANCE))
    [(code, draft)] = world.drafts.items()
    assert draft.principal_number == "519999194912310181"
    choose = choices(way="face", whom="another", start="resume", account="none")
    async with Office(tmp_path / "2.sqlite3", world, Choose=choose, Keypad=code) as office:
        await office.walk(service(ALLOWANCE))
    sent = request(world)
    assert sent.form["phone"] == "13800000000"
    assert sent.agent is not None


async def test_what_cannot_be_saved_is_not_lost(tmp_path: Path, world: ServiceWorld) -> None:
    world.refusals["save draft"] = "department-down"
    pages = iter([True, False])

    def answer(screen: Form) -> Any:
        return SaveAndLeave(fill(screen).values) if next(pages, False) else fill(screen)

    async with Office(
        tmp_path / "j.sqlite3", world, Choose=CHOOSE, Form=answer, Message=lambda screen: screen.buttons[0].value
    ) as office:
        await office.walk(service(ALLOWANCE))
        assert texts.NOT_SAVED in [screen.question for screen in office.screens(Message)]
    assert request(world).form["phone"] == "13800000000"


def _back_to_start(office: Office, screen: Choose) -> bool:
    """After the papers were left, back through the questions to where it began."""
    asked_start = [each for each in office.screens(Choose) if each.question == texts.START_HOW]
    return bool(office.screens(Papers)) and len(asked_start) == 1 and screen.question != texts.START_HOW
