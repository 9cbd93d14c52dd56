"""Papers: what nobody brings, what is scanned, what may come later."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kiosk.journeys import service_texts as texts
from kiosk.link.client import Refusal
from kiosk.screens import Message, Nav, Review
from kiosk.service_screens import Papers, PapersAnswer, PaperState, Scan, ScanAnswer
from tests.kiosk.journeys.office import CHOOSE, Office, request, scan_one, words
from tests.kiosk.journeys.sample_services import ALLOWANCE, service
from tests.kiosk.journeys.service_world import ServiceWorld


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
