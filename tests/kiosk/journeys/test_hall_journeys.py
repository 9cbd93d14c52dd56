"""In the hall: numbers with and without a booking, answers that get lost, ways back over what was said."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from backend.contract import service_api as wire
from kiosk.journeys import counter_texts as texts
from kiosk.journeys import service_texts
from kiosk.journeys.context import JourneyOver
from kiosk.link.client import Refusal, Unreachable
from kiosk.screens import Choose, Message, Nav, Review
from kiosk.service_screens import Filled, Form, Papers, PapersAnswer
from tests.kiosk.journeys.fakes import Wait
from tests.kiosk.journeys.house import SERVICES
from tests.kiosk.journeys.office import Office, asked, choices, words
from tests.kiosk.journeys.sample_services import ALLOWANCE, service
from tests.kiosk.journeys.service_world import FakeScanner, ServiceWorld
from tests.kiosk.journeys.test_counter_journeys import booked, everything, office, slot

TICKET = wire.Ticket(
    intent_id="que-00000001",
    number="A001",
    ahead=0,
    wait_minutes=None,
    window_zh="1 号窗口",
    window_en="Counter 1",
    matter_zh="社保",
    matter_en="Social",
    issued_at=datetime.now(UTC),
)
WITH_BOOKING = choices(booking="yes")


def requests(here: Office) -> list[Any]:
    return list(here.link.asked)  # type: ignore[attr-defined]


# --- a number -------------------------------------------------------------------------------------------------------


async def test_a_booking_is_scanned_from_its_slip(tmp_path: Path) -> None:
    answers = {"Choose": WITH_BOOKING, "ScanCode": Wait(), "QueueTicket": None}
    async with office(tmp_path, {"ticket": TICKET}, **answers) as here:
        here.scanner = FakeScanner("https://pay.example.invalid/?a=1", "YY2026-7")
        await here.walk(SERVICES["queue-ticket"])
        assert not here.screens(Form)
    assert [each.booking_no for each in requests(here)] == ["YY2026-7"]


async def test_a_booking_is_typed_where_nothing_is_scanned(tmp_path: Path) -> None:
    typed = iter(["", "号码", "YY2026-7"])

    def answer(screen: Form) -> Filled:
        return Filled({"booking_no": next(typed)})

    answers = {"Choose": WITH_BOOKING, "ScanCode": Nav.BACK, "QueueTicket": None, "Form": answer}
    async with office(tmp_path, {"ticket": TICKET}, **answers) as here:
        here.scanner = FakeScanner()
        await here.walk(SERVICES["queue-ticket"])
        assert [len(screen.fields) for screen in here.screens(Form)] == [1, 1, 1]
        assert [bool(screen.note) for screen in here.screens(Form)] == [False, True, True]
    assert [each.booking_no for each in requests(here)] == ["YY2026-7"]


async def test_a_booking_nobody_knows_may_be_left_out(tmp_path: Path) -> None:
    bookings = iter(["yes", "no"])

    def choose(screen: Choose) -> str:
        return next(bookings) if screen.question == texts.HAVE_BOOKING else screen.choices[0].value

    link = {"ticket": [Refusal("not-found"), TICKET]}
    answers = {"Choose": choose, "QueueTicket": None, "Form": Filled({"booking_no": "YY1"}), "Message": "again"}
    async with office(tmp_path, link, **answers) as here:
        await here.walk(SERVICES["queue-ticket"])
        assert here.screens(Message)[0].question == texts.BOOKING_UNKNOWN
        assert len(asked(here, "您来办什么")) == 1
    assert [each.booking_no for each in requests(here)] == ["YY1", ""]
    assert "重新取号" in words(here.world.slips[0])  # as the guide says of who misses a call


async def test_without_a_booking_nothing_more_is_asked(tmp_path: Path) -> None:
    async with office(tmp_path, {"ticket": TICKET}, QueueTicket=None, Choose=choices(booking="no")) as here:
        await here.walk(SERVICES["queue-ticket"])
        assert not here.screens(Form)
    assert [each.booking_no for each in requests(here)] == [""]


# --- an answer that got lost ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "call", "answer", "told"),
    [
        ("counter-appointment", "book", booked("a"), texts.PERHAPS_BOOKED),
        (
            "hotline-12345",
            "complain",
            wire.ComplaintReceipt(
                intent_id="com-00000001", ticket_no="T1", answer_by=None, department_zh="12345", department_en="12345"
            ),
            texts.PERHAPS_SENT,
        ),
        ("queue-ticket", "ticket", TICKET, texts.PERHAPS_TICKET),
    ],
)
async def test_asked_again_under_the_same_id(tmp_path: Path, name: str, call: str, answer: Any, told: Any) -> None:
    """It may have arrived: neither is it said that nothing was left, nor is it done twice."""
    link = {"slots": wire.Slots(slots=[slot("a")]), call: [Unreachable("lost"), Unreachable("lost"), answer]}
    messages = {"Message": lambda screen: screen.buttons[-1].value, "QueueTicket": None}
    async with office(tmp_path, link, Form=everything, **messages) as here:
        await here.walk(SERVICES[name])
        lost = [screen for screen in here.screens(Message) if screen.question == texts.NO_ANSWER]
        assert [screen.body for screen in lost] == [told, told]
    sent = [each.intent_id for each in requests(here) if hasattr(each, "intent_id")]
    assert len(sent) == 3
    assert len(set(sent)) == 1


async def test_who_does_not_try_again_is_told_the_truth(tmp_path: Path) -> None:
    link = {"slots": wire.Slots(slots=[slot("a")]), "book": Unreachable("lost")}
    async with office(tmp_path, link, Form=everything, Message="home") as here:
        with pytest.raises(JourneyOver):
            await here.walk(SERVICES["counter-appointment"])
        last = here.screens(Message)[-1]
    assert "没有留下" not in last.body.zh
    assert "可能已经约上" in last.body.zh


# --- what is on paper and said --------------------------------------------------------------------------------------


async def test_a_booking_slip_says_what_to_bring(tmp_path: Path) -> None:
    link = {"slots": wire.Slots(slots=[slot("a")]), "book": booked("a")}
    async with office(tmp_path, link, Form=everything) as here:
        await here.walk(SERVICES["counter-appointment"])
    assert "要带的东西" in words(here.world.slips[0])
    assert SERVICES["counter-appointment"].guide.materials.zh in words(here.world.slips[0])


async def test_the_list_is_called_complete_only_when_it_is(tmp_path: Path, world: ServiceWorld) -> None:
    """The lease depends on what the form says."""
    answers = {"Choose": choices(way="face", account="card")}

    def fill_in(screen: Form) -> Filled:
        return Filled({entry.name: entry.value or VALUES.get(entry.name, "") for entry in screen.fields})

    async with Office(tmp_path / "j.sqlite3", world, **answers, Form=fill_in) as here:
        await here.walk(service(ALLOWANCE))
        first, *_, late = here.screens(Papers)
    assert first.speech == service_texts.PAPERS_SO_FAR
    assert late.speech == service_texts.PAPERS_SPEECH


VALUES = {"phone": "13800000000", "address": "青口县示范街 1 号", "living": "rented", "rent": "120000"}


# --- ways back ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["what-to-bring", "what-to-bring-business"])
async def test_back_from_the_list_to_the_last_question_that_was_asked(tmp_path: Path, name: str) -> None:
    back = iter([Nav.BACK])

    async with office(tmp_path, {}, Papers=lambda screen: next(back, PapersAnswer.GO_ON)) as here:
        await here.walk(SERVICES[name])
        seen = [screen for screen in here.stage.seen if isinstance(screen, Choose | Papers)]
    first = next(number for number, screen in enumerate(seen) if isinstance(screen, Papers))
    assert [screen.question for screen in seen[first - 1 : first + 3]] == [
        seen[first - 1].question,
        texts.ADVICE_DONE,
        seen[first - 1].question,
        texts.ADVICE_DONE,
    ]


async def test_back_from_the_days_to_the_last_page_that_asks(tmp_path: Path) -> None:
    """A service whose form has nothing left to ask: its question comes again, not the same days for ever."""
    plain = service(
        ALLOWANCE | {"journey": "appointment", "form": [], "pages": [], "materials": [], "auth": "A0", "consent": None},
        delegation=None,
        results=[],
    )
    days = iter([Nav.BACK])

    def choose(screen: Choose) -> Any:
        return next(days, screen.choices[0].value) if screen.question == texts.SLOTS_DAY else screen.choices[0].value

    link = {"slots": wire.Slots(slots=[slot("a")]), "book": booked("a")}
    async with office(tmp_path, link, Choose=choose) as here:
        await here.walk(plain)
        assert len(asked(here, "哪家银行")) == 2
        assert len(asked(here, "满 80")) == 1
        assert here.screens(Review)
