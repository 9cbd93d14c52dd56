"""An application from the guide to its receipt, and all the ways in which it goes otherwise."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from content.codes.masking import mask_id_number
from content.schema.text import Text
from kiosk.journal.journal import Outcome
from kiosk.journeys import matter
from kiosk.journeys import service_texts as texts
from kiosk.journeys import texts as common
from kiosk.journeys.context import Journey, JourneyOver, TimedOut
from kiosk.journeys.registry import JOURNEYS
from kiosk.screens import Choose, Goodbye, GuideAnswer, Message, Nav, Review
from kiosk.service_screens import Filled, Form, Papers, PapersAnswer, Sign
from tests.kiosk.journeys.fakes import Wait
from tests.kiosk.journeys.office import CHOOSE, Office, asked, choices, fill, request, take_papers, words
from tests.kiosk.journeys.sample_services import ALLOWANCE, service, t
from tests.kiosk.journeys.service_world import ServiceWorld


async def test_to_its_receipt(tmp_path: Path, world: ServiceWorld) -> None:
    async with Office(tmp_path / "j.sqlite3", world, Choose=CHOOSE) as office:
        journey = await office.walk(service(ALLOWANCE))
        sent = request(world)
        assert sent.situation == {"age": "yes", "account": "card", "bank": "a"}
        assert sent.form == {
            "name": "李样本",
            "phone": "13800000000",
            "address": "青口县户籍路 9 号",
            "living": "own",
        }
        assert {each.id: (each.how, each.scans) for each in sent.materials} == {
            "hukou": ("fetched", []),
            "bank-card": ("scanned", ["scan-1"]),
            "photo": ("later", []),
        }
        assert sent.service_version == 3
        assert sent.proof_id == "proof-1"
        assert base64.b64decode(sent.signature_png or "").startswith(b"\x89PNG")
        assert sent.delivery == "counter"
        [slip] = world.slips
        assert "7391" in words(slip)
        assert "photo" in words(slip), "what is still to be handed in, and until when"
        assert [intent.outcome for intent in await office.journal.all_intents()] == [Outcome.DONE, Outcome.DONE]
        assert not journey.session.form
        assert not journey.session.situation
        assert journey.session.signature is None


async def test_prefilled_fields_say_where_from_and_locked_ones_stay(tmp_path: Path, world: ServiceWorld) -> None:
    def meddle(screen: Form) -> Filled:
        return Filled({**fill(screen).values, "name": "别人"})

    async with Office(tmp_path / "j.sqlite3", world, Choose=CHOOSE, Form=meddle) as office:
        await office.walk(service(ALLOWANCE))
        first = {entry.name: entry for entry in office.screens(Form)[0].fields}
    assert first["name"].locked
    assert first["name"].source is not None
    assert first["address"].source is not None
    assert first["address"].source.zh == "公安"
    assert not first["phone"].locked, "a value that the form refuses is not locked into it"
    assert first["phone"].value == ""
    assert request(world).form["name"] == "李样本"


async def test_departments_that_do_not_answer_cost_nobody_the_form(tmp_path: Path, world: ServiceWorld) -> None:
    world.refusals["prefill"] = "department-down"
    async with Office(tmp_path / "j.sqlite3", world, Choose=CHOOSE) as office:
        await office.walk(service(ALLOWANCE))
    assert request(world).form["address"] == "青口县示范街 1 号"


async def test_answers_that_stop_say_why_and_let_choose_again(tmp_path: Path, world: ServiceWorld) -> None:
    ages = iter(["no", "yes"])

    def choose(screen: Choose) -> str:
        return next(ages) if screen.question.zh.startswith("满 80") else str(CHOOSE(screen))

    async with Office(
        tmp_path / "j.sqlite3", world, Choose=choose, Message=lambda screen: screen.buttons[-1].value
    ) as office:
        await office.walk(service(ALLOWANCE))
        assert "满 80 岁再来办" in [screen.body.zh for screen in office.screens(Message)]
    assert request(world).situation["age"] == "yes"


async def test_answers_that_stop_end_it(tmp_path: Path, world: ServiceWorld) -> None:
    choose = choices(way="face", age="no")
    async with Office(tmp_path / "j.sqlite3", world, Choose=choose, Message="home") as office:
        with pytest.raises(JourneyOver):
            await office.walk(service(ALLOWANCE))
    assert not world.cases


async def test_answers_to_questions_that_are_asked_no_more_do_not_count(tmp_path: Path, world: ServiceWorld) -> None:
    """Back from the papers, and another answer: its question, its paper and its answer are gone."""
    accounts = iter(["card", "none"])
    papers = iter([Nav.BACK, PapersAnswer.GO_ON])

    def choose(screen: Choose) -> Any:
        if screen.question.zh.startswith("有银行卡"):
            return next(accounts)
        if screen.question.zh.startswith("哪家") and len(asked(office, "哪家")) == 2:
            return Nav.BACK
        return CHOOSE(screen)

    async with Office(tmp_path / "j.sqlite3", world, Choose=choose, Papers=lambda screen: next(papers)) as office:
        await office.walk(service(ALLOWANCE))
        assert len(asked(office, "哪家")) == 2, "back goes question by question"
    assert request(world).situation == {"age": "yes", "account": "none"}
    assert [each.id for each in request(world).materials] == ["hukou"]


async def test_back_from_everywhere_leads_out_at_the_guide(tmp_path: Path, world: ServiceWorld) -> None:
    """Once every screen of the way in was seen, BACK only: no step bounces, and the guide is the way out."""
    turned = False

    def turning(answer: Any) -> Any:
        def react(screen: Any) -> Any:
            return Nav.BACK if turned else answer(screen) if callable(answer) else answer

        return react

    def sign(screen: Sign) -> Any:
        nonlocal turned
        turned = True
        return Nav.BACK

    answers = {
        "Choose": turning(CHOOSE),
        "Guide": turning(GuideAnswer.START),
        "Consent": turning(True),
        "Papers": turning(take_papers),
        "Form": turning(fill),
        "Review": turning(None),
        "Sign": sign,
    }
    async with Office(tmp_path / "j.sqlite3", world, **answers) as office:
        with pytest.raises(JourneyOver):
            await office.walk(service(ALLOWANCE))
        back = office.stage.kinds()[office.stage.kinds().index("Sign") + 1 :]
    assert back == [
        "Review",
        "Choose",  # delivery
        "Form",
        "Form",
        "Papers",
        "Choose",  # bank
        "Choose",  # account
        "Choose",  # age
        "Choose",  # saved or new
        "Choose",  # for whom
        "Consent",
        "Guide",
    ]
    assert not world.cases


async def test_a_field_that_an_answer_brings_is_asked_on_the_same_page(tmp_path: Path, world: ServiceWorld) -> None:
    def answer(screen: Form) -> Filled:
        return fill(screen, living="rented")

    async with Office(tmp_path / "j.sqlite3", world, Choose=CHOOSE, Form=answer) as office:
        await office.walk(service(ALLOWANCE))
        shown = [[entry.name for entry in screen.fields] for screen in office.screens(Form)]
        assert shown == [["name", "phone", "address"], ["living"], ["living", "rent"]]
        assert office.screens(Form)[-1].note == texts.MORE_FIELDS
        papers = office.screens(Papers)
    assert request(world).form["rent"] == "120000"
    assert "lease" in [paper.id for paper in papers[-1].papers], "so is the paper it brings"
    assert {each.id: each.how for each in request(world).materials}["lease"] == "scanned"


async def test_a_page_is_asked_again_until_it_fits_and_says_what_to_write(tmp_path: Path, world: ServiceWorld) -> None:
    phones = iter(["", "1380000", "13800000000"])

    def answer(screen: Form) -> Filled:
        if any(entry.name == "phone" for entry in screen.fields):
            return Filled({**fill(screen).values, "phone": next(phones)})
        return fill(screen)

    async with Office(tmp_path / "j.sqlite3", world, Choose=CHOOSE, Form=answer) as office:
        await office.walk(service(ALLOWANCE))
        pages = office.screens(Form)
        assert pages[0].note is None
        assert pages[1].note is not None
        assert "手机号" in pages[1].note.zh
        assert pages[2].note is not None
        assert "还差 4 位" in pages[2].note.zh
        typed = pages[0].check("phone", {"phone": "138"})
        assert typed is not None
        assert "还差 8 位" in typed.zh
        assert "8 more" in typed.en
        assert pages[0].check("phone", {"phone": ""}) is None, "nothing yet"


async def test_time_out_leaves_nothing(tmp_path: Path, world: ServiceWorld) -> None:
    async with Office(tmp_path / "j.sqlite3", world, Choose=CHOOSE, Form=Wait(), MoreTime=False) as office:
        office.stage.patience = lambda: 0.0001  # type: ignore[method-assign]
        with pytest.raises(TimedOut):
            await office.walk(service(ALLOWANCE))
        assert not await office.journal.open_intents()
    assert not world.cases


async def test_reviews_name_what_it_costs(tmp_path: Path, world: ServiceWorld) -> None:
    word = {"zh": "工本费", "en": "Card"}
    fees = [
        {"name": word, "amount_fen": 2000, "when": {"account": ["card"]}},
        {"name": word, "amount_fen": 4000, "when": {"account": ["none"]}},
        {"name": word, "amount_fen": 0},
        {"name": word},
    ]
    async with Office(tmp_path / "j.sqlite3", world, Choose=CHOOSE) as office:
        await office.walk(service(ALLOWANCE, fees=fees))
        costs = [entry.value for entry in office.screens(Review)[0].entries if "工本费" in entry.label.zh]
    assert costs == [Text("¥20", "¥20"), texts.FEE_LATER]


async def test_reviews_mask_numbers(tmp_path: Path, world: ServiceWorld) -> None:
    form = [*ALLOWANCE["form"], {"kind": "id-number", "name": "child", "label": {"zh": "孩子", "en": "Child"}}]
    number = "519999199001010017"

    def answer(screen: Form) -> Filled:
        return fill(screen, child=number)

    async with Office(tmp_path / "j.sqlite3", world, Choose=CHOOSE, Form=answer) as office:
        await office.walk(service(ALLOWANCE, form=form))
        values = [entry.value.zh for entry in office.screens(Review)[0].entries]
    assert mask_id_number(number) in values
    assert number not in str(values)
    assert "138****0000" in values
    assert "李*本" in values


async def test_reviews_name_what_comes_another_way_besides(tmp_path: Path, world: ServiceWorld) -> None:
    results = [
        {"name": t("电子证照"), "kind": "e-certificate", "delivery": ["electronic"]},
        {"name": t("证书"), "kind": "paper", "delivery": ["courier", "counter"]},
    ]
    async with Office(tmp_path / "j.sqlite3", world, Choose=CHOOSE) as office:
        await office.walk(service(ALLOWANCE, results=results))
        entries = {entry.label.zh: entry.value for entry in office.screens(Review)[0].entries}
    assert entries["领取方式"] == texts.DELIVERIES["courier"]
    assert entries["电子证照"] == texts.DELIVERIES["electronic"]
    assert "证书" not in entries
    assert request(world).delivery == "courier"


async def test_a_helper_does_not_see_what_was_written(tmp_path: Path, world: ServiceWorld) -> None:
    async with Office(tmp_path / "j.sqlite3", world, Choose=CHOOSE) as office:
        journey = Journey(office.terminal, service(ALLOWANCE))
        journey.session.helper = "王帮办"
        await JOURNEYS[journey.service.journey](journey)
        shown = str(office.screens(Review)[0].entries)
    assert "青口县" not in shown
    assert "青***" in shown


async def test_the_original_is_remembered_at_the_end(tmp_path: Path, world: ServiceWorld) -> None:
    async with Office(tmp_path / "j.sqlite3", world, Choose=CHOOSE) as office:
        await office.walk(service(ALLOWANCE))
        assert common.TAKE_ORIGINAL in office.screens(Goodbye)[0].reminders


async def test_an_answer_that_is_asked_no_more_brings_no_other_field(tmp_path: Path, world: ServiceWorld) -> None:
    word = {"zh": "字", "en": "word"}
    form = [
        {"kind": "text", "name": "first", "label": word, "when": {"account": ["card"]}},
        {"kind": "text", "name": "second", "label": word, "when": {"first": ["yes"]}},
        {"kind": "text", "name": "third", "label": word, "when": {"second": ["yes"]}},
    ]
    async with Office(tmp_path / "j.sqlite3", world) as office:
        journey = Journey(office.terminal, service(ALLOWANCE, form=form))
        journey.session.situation = {"age": "yes", "account": "card"}
        journey.session.form = {"first": "yes", "second": "yes", "third": "yes"}
        assert [field.name for field in matter.fields(journey)] == ["first", "second", "third"]
        journey.session.situation["account"] = "none"
        assert matter.fields(journey) == []
        assert matter.form(journey) == {}
