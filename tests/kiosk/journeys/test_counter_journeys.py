"""Appointments, case progress, copies, policies, help: by what goes otherwise. That each goes well is walked by
tests/services over the real backend."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from backend.contract import service_api as wire
from backend.contract.kiosk_api import ProblemCode
from drivers.document_printer.port import JobProgress, JobState, SubmitFault
from kiosk.journeys import counter_texts
from kiosk.journeys.complaint import complain
from kiosk.journeys.context import Journey, JourneyOver
from kiosk.link.client import Refusal, Unreachable
from kiosk.paper_camera import PaperPicture
from kiosk.screens import Goodbye, Message, Nav, Review
from kiosk.service_screens import Filled, Form, Record, RecordAnswer, Scan, ScanAnswer
from tests.backend.cases.world import png
from tests.kiosk.journeys.fakes import Points
from tests.kiosk.journeys.house import SERVICES
from tests.kiosk.journeys.office import Office, asked
from tests.kiosk.journeys.service_world import FakeScanner, ServiceLink, ServiceWorld


class _Link(ServiceLink):
    """Answers as the test says, by the name of the call."""

    def __init__(self, world: ServiceWorld, points: Points, **answers: Any) -> None:
        super().__init__(world, points)
        self.answers = answers
        self.asked: list[Any] = []

    async def _say(self, name: str, request: Any) -> Any:
        self.asked.append(request)
        answer = self.answers[name]
        return answer.pop(0) if isinstance(answer, list) else answer

    async def slots(self, query: wire.SlotsQuery) -> Any:
        return await self._say("slots", query)

    async def book(self, request: wire.AppointmentRequest) -> Any:
        return await self._say("book", request)

    async def case_status(self, query: wire.CaseStatusQuery) -> Any:
        return await self._say("case_status", query)

    async def record(self, query: wire.RecordQuery) -> Any:
        return await self._say("record", query)

    async def call_staff(self, request: wire.CallRequest) -> Any:
        return await self._say("call_staff", request)

    async def ticket(self, request: wire.TicketRequest) -> Any:
        return await self._say("ticket", request)

    async def complain(self, request: wire.ComplaintRequest) -> Any:
        return await self._say("complain", request)


def office(tmp_path: Path, link: dict[str, Any], **answers: Any) -> Office:
    made = Office(tmp_path / "j.sqlite3", ServiceWorld(), **answers)
    made.link = _Link(made.world, Points(), **link)
    return made


def slot(number: str, left: int = 1) -> wire.Slot:
    return wire.Slot(
        slot_id=number,
        day=date(2026, 11, 24),
        from_time="09:00",
        to_time="09:30",
        left=left,
        place_zh="大厅",
        place_en="Hall",
    )


def booked(number: str) -> wire.Appointment:
    return wire.Appointment(
        intent_id="apt-00000001", booking_no="B-17", slot=slot(number), title_zh="窗口预约", title_en="Appointment"
    )


WORDS = {"phone": "13800000017"}


def everything(screen: Form) -> Filled:
    """The first choice of each field, and something where words are wanted."""
    return Filled(
        {
            entry.name: entry.value
            or (entry.choices[0].value if entry.choices else {"phone": "13800000017"}.get(entry.name, "示范内容" * 5))
            for entry in screen.fields
        }
    )


async def test_a_slot_that_has_gone_is_chosen_again_under_a_new_intent(tmp_path: Path) -> None:
    link = {
        "slots": [wire.Slots(slots=[slot("a"), slot("full", 0)]), wire.Slots(slots=[slot("b")])],
        "book": [Refusal("slot-taken"), booked("b")],
    }
    async with office(tmp_path, link, Form=everything) as here:
        await here.walk(SERVICES["counter-appointment"])
    requests = [each for each in here.link.asked if isinstance(each, wire.AppointmentRequest)]  # type: ignore[attr-defined]
    assert [each.slot_id for each in requests] == ["a", "b"]
    assert requests[0].intent_id != requests[1].intent_id
    assert "B-17" in str(here.world.slips[0])


async def test_no_free_times_are_said(tmp_path: Path) -> None:
    async with office(tmp_path, {"slots": wire.Slots(slots=[slot("a", 0)])}, Form=everything) as here:
        with pytest.raises(JourneyOver):
            await here.walk(SERVICES["counter-appointment"])
    assert here.screens(Message)[-1].question.zh == "近期约满了"


async def test_a_terminal_that_asked_too_often_says_so(tmp_path: Path) -> None:
    async with office(tmp_path, {"slots": Refusal("too-many-tries")}, Form=everything) as here:
        with pytest.raises(JourneyOver):
            await here.walk(SERVICES["counter-appointment"])
    assert here.screens(Message)[-1].question == counter_texts.REFUSED[ProblemCode.TOO_MANY_TRIES][0]


async def test_a_wrong_check_code_may_be_tried_again(tmp_path: Path) -> None:
    status = wire.CaseStatus(
        case_no_masked="1151…0001",
        title_zh="事项",
        title_en="Matter",
        department_zh="局",
        department_en="Bureau",
        steps=[],
    )
    number = "11519999000000019R4" + "9" * 24
    link = {"case_status": [Refusal("case-unknown"), status]}
    codes = iter(["0000", "7a91"])

    def answer(screen: Form) -> Filled:
        return Filled({"case_no": number, "check_code": next(codes)})

    async with office(tmp_path, link, Form=answer, Message="again", Record=RecordAnswer.DONE) as here:
        await here.walk(SERVICES["case-progress"])
    assert [each.check_code for each in here.link.asked] == ["0000", "7A91"]  # type: ignore[attr-defined]


async def test_own_data_is_hidden_until_it_is_asked_for(tmp_path: Path) -> None:
    from backend.contract.kiosk_api import FieldEntry

    reply = wire.RecordReply(
        entries=[FieldEntry(label_zh="住址", label_en="Address", value_zh="示范路 1 号", value_en="1 Demo Road")],
        private_entries=[0],
    )
    answers = [RecordAnswer.REVEAL, RecordAnswer.PRINT]
    async with office(tmp_path, {"record": reply}, Record=answers, Form=everything) as here:
        await here.walk(SERVICES["exit-entry-progress"])
    first, second = here.screens(Record)
    assert first.entries[0].value.zh == "示***"
    assert first.can_reveal
    assert second.entries[0].value.zh == "示范路 1 号"
    assert "示范路" not in str(here.world.slips[0]), "a slip may be left behind"


async def test_a_copy_that_stands_still_is_cancelled_and_said(tmp_path: Path) -> None:
    async with office(tmp_path, {}) as here:
        assert here.paper_camera is not None
        here.paper_camera.pictures = [PaperPicture(png(60, 90), png())]
        cancelled: list[Any] = []

        async def stuck(job: Any) -> Any:
            yield JobProgress(JobState.STOPPED, reasons=frozenset({"media-jam"}))

        async def cancel(job: Any) -> JobProgress:
            cancelled.append(job)
            return JobProgress(JobState.CANCELED)

        here.document_printer.follow = stuck  # type: ignore[method-assign,assignment]
        here.document_printer.cancel = cancel  # type: ignore[method-assign]
        with pytest.raises(JourneyOver):
            await here.walk(SERVICES["document-copy"])
    assert len(cancelled) == 1
    assert here.screens(Message)[-1].question.zh == "没有打印成功"


async def test_nobody_can_be_called(tmp_path: Path) -> None:
    async with office(tmp_path, {"call_staff": Unreachable("gone")}) as here:
        with pytest.raises(JourneyOver):
            await here.walk(SERVICES["staff-help"])
    assert "12345" in here.screens(Message)[-1].body.zh


async def test_a_complaint_without_a_phone_is_said_to_be_anonymous(tmp_path: Path) -> None:
    receipt = wire.ComplaintReceipt(
        intent_id="com-00000001", ticket_no="T1", answer_by=None, department_zh="12345", department_en="12345"
    )

    def answer(screen: Form) -> Filled:
        return Filled(dict(everything(screen).values) | {"phone": ""})

    async with office(tmp_path, {"complain": receipt}, Form=answer) as here:
        await here.walk(SERVICES["hotline-12345"])
    [request] = here.link.asked  # type: ignore[attr-defined]
    assert request.phone == ""
    [checked] = here.screens(Review)
    assert checked.note is not None
    assert "匿名" in checked.note.zh


@pytest.mark.parametrize("name", ["queue-ticket", "document-copy", "staff-help"])
async def test_gone_back_from_the_first_question(tmp_path: Path, name: str) -> None:
    async with office(tmp_path, {}, Choose=Nav.BACK, Guide=Nav.BACK) as here:
        with pytest.raises(JourneyOver):
            await here.walk(SERVICES[name])
    assert not here.screens(Goodbye)


async def test_back_drops_only_the_page_before(tmp_path: Path) -> None:
    """Two pages taken, the second dropped, another taken for it."""
    wants = iter([ScanAnswer.TAKE, ScanAnswer.TAKE, Nav.BACK, ScanAnswer.TAKE, ScanAnswer.ENOUGH])

    def answer(screen: Scan) -> Any:
        return ScanAnswer.KEEP if screen.png is not None else next(wants)

    async with office(tmp_path, {}, Scan=answer) as here:
        assert here.paper_camera is not None
        here.paper_camera.pictures = [PaperPicture(png(60, 90), png()) for _ in range(3)]
        await here.walk(SERVICES["document-copy"])
        assert [screen.pages for screen in here.screens(Scan) if screen.png is None] == [0, 1, 2, 1, 2]
    assert len(here.world.sheets) == 1


async def test_a_copy_whose_answer_was_lost_is_found_again(tmp_path: Path) -> None:
    """BUSY first, then the printer takes it and its answer is lost: it is not left lying for the next resident."""
    async with office(tmp_path, {}) as here:
        assert here.paper_camera is not None
        here.paper_camera.pictures = [PaperPicture(png(60, 90), png())]
        submit, faults = here.document_printer.submit, iter([SubmitFault.BUSY, None])

        async def lost(document: bytes, job_name: str, mime_type: str = "application/pdf") -> Any:
            fault = next(faults)
            if fault is None:
                await submit(document, job_name)
            return fault or SubmitFault.UNKNOWN

        here.document_printer.submit = lost  # type: ignore[method-assign]
        await here.walk(SERVICES["document-copy"])
    assert len(here.world.sheets) == 1


async def test_back_from_the_number_asks_again_how_to_find_it(tmp_path: Path) -> None:
    status = wire.CaseStatus(
        case_no_masked="1151…0001",
        title_zh="事项",
        title_en="Matter",
        department_zh="局",
        department_en="Bureau",
        steps=[],
    )
    forms = iter([Nav.BACK, Filled({"case_no": "11519999000000019R4" + "9" * 24, "check_code": "7391"})])
    answers = {"Form": lambda screen: next(forms), "Choose": "type", "Record": RecordAnswer.DONE}
    async with office(tmp_path, {"case_status": status}, **answers) as here:
        here.scanner = FakeScanner()
        await here.walk(SERVICES["case-progress"])
        assert len(asked(here, "怎样查")) == 2


async def test_a_helper_does_not_see_what_was_written(tmp_path: Path) -> None:
    receipt = wire.ComplaintReceipt(
        intent_id="com-00000001", ticket_no="T1", answer_by=None, department_zh="12345", department_en="12345"
    )
    made = office(tmp_path, {"complain": receipt}, Form=everything)
    async with made as here:
        journey = Journey(here.terminal, SERVICES["hotline-12345"])
        journey.session.helper = "王帮办"
        await complain(journey)
        [checked] = here.screens(Review)
    assert "示范内容" not in str(checked.entries)
    assert "示***" in str(checked.entries)
