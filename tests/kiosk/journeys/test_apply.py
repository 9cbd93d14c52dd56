"""An application from the guide to its receipt, and all the ways in which it goes otherwise."""

from __future__ import annotations

import asyncio
import base64
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from backend.contract import service_api as wire
from content.codes.masking import mask_id_number
from content.schema.text import Text
from drivers.receipt_printer.port import Receipt
from kiosk.journal.journal import IntentKind, Outcome
from kiosk.journeys import matter
from kiosk.journeys import service_texts as texts
from kiosk.journeys.context import Journey, JourneyOver, TimedOut
from kiosk.journeys.steps import case as case_step
from kiosk.link.client import Refusal
from kiosk.screens import Choose, Consent, Guide, GuideAnswer, Message, Nav, PlaceCard, Review
from kiosk.service_screens import Filled, Form, Papers, PapersAnswer, PaperState, SaveAndLeave, Scan, ScanAnswer, Sign
from tests.kiosk.journeys.fakes import Wait, demo_card
from tests.kiosk.journeys.office import Office, choices, fill, scan_one, take_papers
from tests.kiosk.journeys.sample_services import ALLOWANCE, FIRM, PLAIN, service
from tests.kiosk.journeys.service_world import FakeScanner, ServiceWorld

CHOOSE = choices(way="face", account="card")


def words(receipt: Receipt) -> str:
    return "\n".join(str(vars(part)) for part in receipt.parts)


def request(world: ServiceWorld) -> wire.CaseRequest:
    [found] = world.cases.values()
    return found


@pytest.fixture
def world() -> ServiceWorld:
    return ServiceWorld(
        known=[
            wire.Prefill(field="address", value="青口县户籍路 9 号", source_zh="公安", source_en="Police"),
            wire.Prefill(field="phone", value="12", source_zh="运营商", source_en="Carrier", locked=True),
        ]
    )


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


async def test_nothing_of_the_person_on_slips_and_in_the_journal(tmp_path: Path, world: ServiceWorld) -> None:
    async with Office(tmp_path / "j.sqlite3", world, Choose=CHOOSE) as office:
        await office.walk(service(ALLOWANCE))
    card = demo_card()
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for private in (card.name, card.number, "13800000000", "户籍路"):
        assert private not in words(world.slips[0])
        assert private.encode() not in content


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
        if screen.question.zh.startswith("哪家") and len(_asked(office, "哪家")) == 2:
            return Nav.BACK
        return CHOOSE(screen)

    async with Office(tmp_path / "j.sqlite3", world, Choose=choose, Papers=lambda screen: next(papers)) as office:
        await office.walk(service(ALLOWANCE))
        assert len(_asked(office, "哪家")) == 2, "back goes question by question"
    assert request(world).situation == {"age": "yes", "account": "none"}
    assert [each.id for each in request(world).materials] == ["hukou"]


def _asked(office: Office, word: str) -> list[Any]:
    return [screen for screen in office.screens(Choose) if screen.question.zh.startswith(word)]


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


async def test_for_another_nothing_of_the_agent_is_filled_in(tmp_path: Path, world: ServiceWorld) -> None:
    choose = choices(way="face", whom="another", relation="spouse", account="none")
    async with Office(tmp_path / "j.sqlite3", world, Choose=choose) as office:
        await office.walk(service(ALLOWANCE))
        review = office.screens(Review)[0]
    sent = request(world)
    assert sent.agent == wire.Agent(relation="spouse", principal_name="陈示例", principal_number="519999194912310181")
    assert sent.form["name"] == "陈示例"
    assert world.prefills == 0, "the departments know the agent's proof only"
    assert "519999194912310181" not in str(review)
    assert "陈示例" not in [entry.value.zh for entry in review.entries]


async def test_nobody_is_their_own_agent(tmp_path: Path, world: ServiceWorld) -> None:
    own = demo_card().number
    numbers = iter([own, "519999194912310182", "519999194912310181"])

    def answer(screen: Form) -> Filled:
        if any(entry.name == "principal_number" for entry in screen.fields):
            return Filled({**fill(screen).values, "principal_number": next(numbers)})
        return fill(screen)

    choose = choices(way="face", whom="another", account="none")
    async with Office(tmp_path / "j.sqlite3", world, Choose=choose, Form=answer) as office:
        await office.walk(service(ALLOWANCE))
        notes = [screen.note for screen in office.screens(Form)[:3]]
    assert notes[1] == texts.PRINCIPAL_IS_YOU
    assert notes[2] is not None
    assert "校验码" in notes[2].zh


async def test_papers_say_what_nobody_has_to_bring(tmp_path: Path, world: ServiceWorld) -> None:
    def look(screen: Papers) -> Any:
        states = {paper.id: paper.state for paper in screen.papers}
        if states["bank-card"] is PaperState.TO_SCAN:
            assert not screen.can_go_on
            assert states == {
                "hukou": PaperState.NOT_NEEDED,
                "bank-card": PaperState.TO_SCAN,
                "photo": PaperState.TO_SCAN,
            }
            return "bank-card" if printed else print_first()
        assert screen.can_go_on
        return "photo" if states["photo"] is PaperState.TO_SCAN else PapersAnswer.GO_ON

    printed = False

    def print_first() -> PapersAnswer:
        nonlocal printed
        printed = True
        return PapersAnswer.PRINT

    async with Office(tmp_path / "j.sqlite3", world, Choose=CHOOSE, Papers=look) as office:
        await office.walk(service(ALLOWANCE))
    assert "一次性告知单" in words(world.slips[0])
    assert "不用您提供" in words(world.slips[0])
    assert {each.id: each.how for each in request(world).materials}["photo"] == "scanned"


async def test_what_may_come_later_is_offered_for_scanning_and_reviewed_as_later(
    tmp_path: Path, world: ServiceWorld
) -> None:
    async with Office(tmp_path / "j.sqlite3", world, Choose=CHOOSE) as office:
        await office.walk(service(ALLOWANCE))
        photo = next(paper for paper in office.screens(Papers)[-1].papers if paper.id == "photo")
        assert photo.note == texts.LATER_OR_NOW
        lines = {entry.label.zh: entry.value for entry in office.screens(Review)[0].entries}
    assert lines["近照"] == texts.PAPERS_COME["later"]
    assert lines["银行卡"].zh == "已扫描 1 页"
    assert "户籍信息" not in lines


async def test_papers_for_the_counter_and_those_read_here(tmp_path: Path, world: ServiceWorld) -> None:
    name = {"zh": "材料", "en": "Paper"}
    materials = [
        {"id": "book", "name": name, "source": "applicant", "collect": "bring"},
        {"id": "extra", "name": name, "source": "applicant", "collect": "scan", "necessity": "optional"},
        {"id": "card", "name": name, "source": "applicant"},
    ]
    answers = {"Choose": CHOOSE, "Papers": PapersAnswer.GO_ON}
    async with Office(tmp_path / "j.sqlite3", world, **answers) as office:
        office.paper_camera = None
        await office.walk(service(ALLOWANCE, materials=materials))
        shown = {paper.id: paper.state for paper in office.screens(Papers)[0].papers}
    assert shown == {"book": PaperState.BRING, "card": PaperState.NOT_NEEDED}
    assert {each.id: each.how for each in request(world).materials} == {"book": "bring"}


async def test_pages_are_looked_at_and_taken_again(tmp_path: Path, world: ServiceWorld) -> None:
    """Nothing taken, then a bad one, then one that gets lost on the way, then two that are kept."""
    looks = iter([ScanAnswer.AGAIN, ScanAnswer.KEEP, ScanAnswer.KEEP, ScanAnswer.KEEP])
    world.refuse_once["keep scan"] = Refusal("invalid")

    def scan(screen: Scan) -> ScanAnswer:
        if screen.png is not None:
            return next(looks)
        return ScanAnswer.ENOUGH if screen.pages == 2 else ScanAnswer.TAKE

    async with Office(tmp_path / "j.sqlite3", world, Choose=CHOOSE, Scan=scan) as office:
        assert office.paper_camera is not None
        office.paper_camera.pictures = [None]
        await office.walk(service(ALLOWANCE))
        said = [screen.question for screen in office.screens(Message)]
        assert texts.NO_PICTURE in said
        assert texts.SCAN_NOT_KEPT in said
        assert not office.paper_camera.on
    assert {each.id: each.scans for each in request(world).materials}["bank-card"] == ["scan-1", "scan-2"]


async def test_back_from_scanning_keeps_what_was_there(tmp_path: Path, world: ServiceWorld) -> None:
    visits = iter(["bank-card", "bank-card", PapersAnswer.GO_ON])
    scans = 0

    def scan(screen: Scan) -> Any:
        nonlocal scans
        scans += 1
        return Nav.BACK if scans > 3 else scan_one(screen)

    async with Office(
        tmp_path / "j.sqlite3", world, Choose=CHOOSE, Papers=lambda screen: next(visits), Scan=scan
    ) as office:
        await office.walk(service(ALLOWANCE))
    assert {each.id: each.scans for each in request(world).materials}["bank-card"] == ["scan-1"]


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
        assert not _asked(office, "有银行卡")
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
        assert _asked(office, "有银行卡")
        assert not _asked(office, "满 80")
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


def _back_to_start(office: Office, screen: Choose) -> bool:
    """After the papers were left, back through the questions to where it began."""
    asked_start = [each for each in office.screens(Choose) if each.question == texts.START_HOW]
    return bool(office.screens(Papers)) and len(asked_start) == 1 and screen.question != texts.START_HOW


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


async def test_a_proof_that_ran_out_costs_no_answer(tmp_path: Path, world: ServiceWorld) -> None:
    world.refuse_once["open case"] = Refusal("proof-expired")
    async with Office(tmp_path / "j.sqlite3", world, Choose=CHOOSE) as office:
        await office.walk(service(ALLOWANCE))
        assert office.stage.kinds().count("FaceCheck") >= 2
        assert office.stage.kinds().count("Review") == 2
        outcomes = [each.outcome for each in await office.journal.all_intents() if each.kind is IntentKind.CASE]
    assert outcomes == [Outcome.NEVER_HAPPENED, Outcome.DONE]


@pytest.mark.parametrize(
    ("detail", "screen"),
    [
        ("living", Form),
        ("situation:age", Choose),
        ("material:lease", Papers),
        ("delivery", Choose),
        ("signature", Review),
        ("agent", Choose),
    ],
)
async def test_what_the_backend_does_not_accept_is_asked_again(
    tmp_path: Path, world: ServiceWorld, detail: str, screen: type
) -> None:
    world.refuse_once["open case"] = Refusal("form-invalid", detail)
    async with Office(tmp_path / "j.sqlite3", world, Choose=CHOOSE) as office:
        await office.walk(service(ALLOWANCE))
        kinds = office.stage.kinds()
        told = next(
            i
            for i, each in enumerate(office.stage.seen)
            if getattr(each, "buttons", ()) and each.buttons[0].value == "mend"
        )
        assert kinds[told + 1] == screen.__name__
        if screen is Form:
            assert [entry.name for entry in office.stage.seen[told + 1].fields] == ["living"]
    assert len(world.cases) == 1


async def test_a_department_that_refuses_is_told_and_nothing_stays_open(tmp_path: Path, world: ServiceWorld) -> None:
    world.refusals["open case"] = "refused-by-department"
    async with Office(tmp_path / "j.sqlite3", world, Choose=CHOOSE) as office:
        with pytest.raises(JourneyOver):
            await office.walk(service(ALLOWANCE))
        assert office.screens(Message)[-1].question.zh == "部门没有受理"
        assert not await office.journal.open_intents()
    assert not world.slips


async def test_without_an_answer_the_slip_comes_later(
    tmp_path: Path, world: ServiceWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(case_step, "_PAUSE_S", 0.0)
    world.lose_answers = 2
    async with Office(tmp_path / "j.sqlite3", world, Choose=CHOOSE) as office:
        with pytest.raises(JourneyOver):
            await office.walk(service(ALLOWANCE))
        assert office.screens(Message)[-1].question == texts.CASE_UNKNOWN
        assert len(world.cases) == 1, "asked again under the same id"
        assert not world.slips
        [intent] = await office.journal.open_intents()
        assert intent.updated_at > intent.created_at, "when it was asked last"
        assert await office.recover() == 0
        assert len(world.slips) == 1
        assert await office.recover() == 0
        assert len(world.slips) == 1


async def test_no_slip_shows_the_numbers_and_is_owed_until_they_were_seen(tmp_path: Path, world: ServiceWorld) -> None:
    def told(screen: Message) -> Any:
        return Wait() if screen.question == texts.RECEIVED else "ok"

    async with Office(tmp_path / "j.sqlite3", world, Choose=CHOOSE, Message=told, MoreTime=False) as office:
        world.slip_ready = False
        walking = asyncio.create_task(office.walk(service(ALLOWANCE)))
        while not any(each.question == texts.RECEIVED for each in office.screens(Message)):
            await asyncio.sleep(0.01)
        shown = next(each for each in office.screens(Message) if each.question == texts.RECEIVED)
        assert shown.body == texts.RECEIVED_WRITE_DOWN
        assert "7391" in [entry.value.zh for entry in shown.entries]
        walking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await walking
        assert await office.recover() == 1, "the resident has gone without saying so: the slip is still owed"
        world.slip_ready = True
        assert await office.recover() == 0
    assert len(world.slips) == 1


async def test_a_slip_nobody_waits_for_is_given_up(tmp_path: Path, world: ServiceWorld) -> None:
    async with Office(tmp_path / "j.sqlite3", world, Choose=CHOOSE) as office:
        intent = await office.journal.begin(IntentKind.CASE, session="s", service="sample-allowance")
        world.cases[intent.id] = wire.CaseRequest(
            intent_id=intent.id, service_id="sample-allowance", service_version=1, form={}
        )
        world.slip_ready = False
        assert await office.recover() == 1
        assert await office.recover(case_slip_patience=timedelta(0)) == 0
        assert (await office.journal.get(intent.id)).outcome is Outcome.DONE
    assert not world.slips


async def test_time_out_leaves_nothing(tmp_path: Path, world: ServiceWorld) -> None:
    async with Office(tmp_path / "j.sqlite3", world, Choose=CHOOSE, Form=Wait(), MoreTime=False) as office:
        office.stage.patience = lambda: 0.0001  # type: ignore[method-assign]
        with pytest.raises(TimedOut):
            await office.walk(service(ALLOWANCE))
        assert not await office.journal.open_intents()
    assert not world.cases


async def test_open_to_everybody(tmp_path: Path, world: ServiceWorld) -> None:
    """A0: no card, no consent, nothing to save under anybody's name."""
    async with Office(tmp_path / "j.sqlite3", world) as office:
        await office.walk(service(PLAIN))
        kinds = office.stage.kinds()
        assert "PlaceCard" not in kinds
        assert not office.screens(Consent)
        assert not office.screens(Form)[0].can_save
        assert [screen.trail.step.number for screen in office.screens(Guide)] == [1]
        assert office.screens(Form)[0].trail.step.total == 4
    assert request(world).proof_id is None
    assert request(world).form == {"matter": "修路灯"}
    assert request(world).delivery == "counter"


async def test_an_organisation_by_its_licence(tmp_path: Path, world: ServiceWorld) -> None:
    good = _licence('{"uscc": "91519999MA00000001", "name": "示范公司", "legal_rep": "李样本"}')
    old = _licence(
        '{"uscc": "91519999MA00000001", "name": "示范公司", "legal_rep": "李样本", "valid_until": "2020-01-01"}'
    )
    async with Office(tmp_path / "j.sqlite3", world, ScanCode=Wait()) as office:
        office.scanner = FakeScanner("13800000000", old, good)
        await office.walk(service(FIRM))
        errors = [screen.error for screen in office.stage.seen if type(screen).__name__ == "ScanCode"]
        assert errors == [None, texts.NO_LICENCE, texts.LICENCE_EXPIRED]
        assert "示范公司" in [entry.value.zh for entry in office.screens(Review)[0].entries]
    sent = request(world)
    assert sent.licence == good
    assert sent.form["uscc"] == "91519999MA00000001"
    assert sent.proof_id == "proof-1"


def _licence(claims: str) -> str:
    payload = base64.urlsafe_b64encode(claims.encode()).decode().rstrip("=")
    return f"eyJhbGciOiJFUzI1NiJ9.{payload}.c2lnbmF0dXJl"


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


async def test_a_number_written_down_is_enough(tmp_path: Path, world: ServiceWorld) -> None:
    async with Office(tmp_path / "j.sqlite3", world, Choose=CHOOSE) as office:
        world.slip_ready = False
        await office.walk(service(ALLOWANCE))
        world.slip_ready = True
        assert await office.recover() == 0
    assert not world.slips, "nobody waits for it any more"


async def test_whoever_goes_back_before_proving_may_lay_down_another_card(tmp_path: Path, world: ServiceWorld) -> None:
    ways = iter([Nav.BACK, "face"])

    def choose(screen: Choose) -> Any:
        return next(ways) if any(each.value == "face" for each in screen.choices) else CHOOSE(screen)

    cards = [Wait(), Nav.BACK, Wait()]
    async with Office(tmp_path / "j.sqlite3", world, Choose=choose, PlaceCard=cards) as office:
        await office.walk(service(ALLOWANCE))
        read = [each for each in office.screens(PlaceCard) if not each.reading]
    assert len(read) == 3


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
