"""Whose matter it is: one's own, another's, an organisation's, nobody's in particular."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from backend.contract import service_api as wire
from kiosk.journeys import service_texts as texts
from kiosk.screens import Choose, Consent, Guide, Nav, PlaceCard, Review
from kiosk.service_screens import Filled, Form, PapersAnswer
from tests.kiosk.journeys.fakes import Wait, demo_card
from tests.kiosk.journeys.office import CHOOSE, Office, asked, choices, fill, request, take_papers
from tests.kiosk.journeys.sample_services import ALLOWANCE, FIRM, PLAIN, service
from tests.kiosk.journeys.service_world import FakeScanner, ServiceWorld


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


async def test_nothing_of_ones_own_goes_into_anothers_matter(tmp_path: Path, world: ServiceWorld) -> None:
    """Scanned and answered for oneself, then back to the start: it is for another after all."""
    back = False

    def papers(screen: Any) -> Any:
        nonlocal back
        answer = take_papers(screen)
        if answer is PapersAnswer.GO_ON and len(world.scans) == 1:
            back = True
        return Nav.BACK if back else answer

    def choose(screen: Choose) -> Any:
        nonlocal back
        if screen.question == texts.FOR_WHOM:
            answer = "another" if back else "self"
            back = False
            return answer
        return Nav.BACK if back else choices(way="face", account="card")(screen)

    async with Office(tmp_path / "j.sqlite3", world, Choose=choose, Papers=papers) as office:
        await office.walk(service(ALLOWANCE))
        assert len(asked(office, "有银行卡")) == 3  # for oneself, going back over it, for the other
    sent = request(world)
    assert sent.agent is not None
    assert [material.scans for material in sent.materials if material.how == "scanned"] == [["scan-2"]]


async def test_nothing_of_one_principal_goes_into_anothers_matter(tmp_path: Path, world: ServiceWorld) -> None:
    people = iter([("陈示例", "519999194912310181"), ("张示范", "519999199001010017")])
    back = seen = False

    def answer(screen: Form) -> Any:
        nonlocal back, seen
        if screen.question == texts.PRINCIPAL:
            back = False
            name, number = next(people)
            return Filled({"principal_name": name, "principal_number": number})
        if not seen and screen.question.zh == "住房":
            back = seen = True
        if back:
            return Nav.BACK
        return fill(screen) if seen else fill(screen, phone="13911111111", address="甲的地址 9 号")

    def choose(screen: Choose) -> Any:
        return Nav.BACK if back else choices(way="face", whom="another", account="card")(screen)

    def papers(screen: Any) -> Any:
        return Nav.BACK if back else take_papers(screen)

    async with Office(tmp_path / "j.sqlite3", world, Choose=choose, Form=answer, Papers=papers) as office:
        await office.walk(service(ALLOWANCE))
    sent = request(world)
    assert sent.agent is not None
    assert sent.agent.principal_name == "张示范"
    assert sent.form["name"] == "张示范"
    assert sent.form["phone"] == "13800000000"
    assert [material.scans for material in sent.materials if material.how == "scanned"] == [["scan-2"]]


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


async def test_the_card_says_whose_it_is_where_nothing_is_proven(tmp_path: Path, world: ServiceWorld) -> None:
    """A1: name and number travel with the case; with a proof they do not, the backend knows them."""
    async with Office(tmp_path / "j.sqlite3", world) as office:
        await office.walk(service({**ALLOWANCE, "auth": "A1", "delegation": None}))
    sent = request(world)
    assert (sent.proof_id, sent.name, sent.number) == (None, demo_card().name, demo_card().number)


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
    assert (sent.proof_id, sent.name, sent.number) == ("proof-1", "", "")


async def test_whoever_goes_back_before_proving_may_lay_down_another_card(tmp_path: Path, world: ServiceWorld) -> None:
    ways = iter([Nav.BACK, "face"])

    def choose(screen: Choose) -> Any:
        return next(ways) if any(each.value == "face" for each in screen.choices) else CHOOSE(screen)

    cards = [Wait(), Nav.BACK, Wait()]
    async with Office(tmp_path / "j.sqlite3", world, Choose=choose, PlaceCard=cards) as office:
        await office.walk(service(ALLOWANCE))
        read = [each for each in office.screens(PlaceCard) if not each.reading]
    assert len(read) == 3


def _licence(claims: str) -> str:
    payload = base64.urlsafe_b64encode(claims.encode()).decode().rstrip("=")
    return f"eyJhbGciOiJFUzI1NiJ9.{payload}.c2lnbmF0dXJl"
