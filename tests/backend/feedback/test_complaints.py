"""Complaints: numbers, promises, silence about who and what."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text
from structlog.testing import capture_logs
from typer.testing import CliRunner

from backend.contract.service_api import ComplaintReceipt, ComplaintRequest
from backend.db.engine import writing
from backend.deps import Kiosk
from backend.feedback.complaint_models import ComplaintRow
from backend.feedback.complaints import ComplaintService, answered, digest
from backend.feedback.complaints_cli import app
from backend.feedback.filing import Filing
from backend.feedback.settings import FeedbackSettings
from backend.operations.jobs import Lease
from tests.backend.hall import Hall, choice, make_service

CHINA = ZoneInfo("Asia/Shanghai")
WORDS, PHONE = "窗口排队太久，请多开一个窗口", "13800000017"
DAY = date(2026, 9, 18)
SUBJECT = choice("subject", queue="排队", fund="公积金")


def offered(hall: Hall) -> None:
    hall.add(make_service("hotline", "complaint", auth="A0", form=[SUBJECT]))


def said(intent: str = "intent-0001", **changes: Any) -> dict[str, Any]:
    return {"intent_id": intent, "service_id": "hotline", "kind": "complaint", "text": WORDS} | changes


class Office:
    """The service under a clock of its own."""

    def __init__(self, hall: Hall, at: datetime, **settings: Any) -> None:
        offered(hall)
        self.now = at
        self._service = ComplaintService(
            hall.sessions, hall.offer, hall.house.backend.state.vault, FeedbackSettings(**settings), lambda: self.now
        )

    async def take(self, intent: str, **changes: Any) -> ComplaintReceipt:
        return await self._service.take(Kiosk("kiosk-1", "测试点"), ComplaintRequest(**said(intent, **changes)))


async def test_a_number_and_a_day(hall: Hall) -> None:
    offered(hall)
    with capture_logs() as logs:
        receipt = await hall.told("/complaints", said(phone=PHONE, subject="queue"))
    assert receipt["ticket_no"].startswith(f"{datetime.now(CHINA):%Y%m%d}")
    assert len(receipt["ticket_no"]) == 14
    assert receipt["department_en"] == "Qingkou Bureau"
    assert date.fromisoformat(receipt["answer_by"]) > datetime.now(CHINA).date()
    told = json.dumps(logs, ensure_ascii=False, default=str)
    assert "complaint_taken" in told
    data = b"".join(path.read_bytes() for path in hall.house.settings.var_dir.glob("menkou.sqlite3*"))
    for secret in (WORDS, PHONE):
        assert secret not in told
        assert secret.encode() not in data
    async with hall.sessions() as session:
        row = (await session.scalars(select(ComplaintRow))).one()
    assert (row.text, row.phone) == (WORDS, PHONE)


async def test_the_same_intent_is_the_same_ticket(hall: Hall) -> None:
    offered(hall)
    answers = await asyncio.gather(*(hall.told("/complaints", said()) for _ in range(3)))
    assert len({answer["ticket_no"] for answer in answers}) == 1
    assert await hall.refused("/complaints", said(text="别的话")) == "intent-conflict"
    other = await hall.told("/complaints", said(), "kiosk-2")
    assert other["ticket_no"] != answers[0]["ticket_no"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"text": " "}, "form-invalid"),
        ({"service_id": "no-such"}, "service-unknown"),
        ({"service_id": "water-bill"}, "service-unknown"),
        ({"phone": "12345"}, "invalid-request"),
        ({"kind": "threat"}, "invalid-request"),
    ],
)
async def test_refusals(hall: Hall, change: dict[str, Any], code: str) -> None:
    offered(hall)
    assert await hall.refused("/complaints", said(**change)) == code


async def test_what_could_not_be_done_needs_no_words(hall: Hall) -> None:
    offered(hall)
    failed = said(kind="cannot-be-done", text="", subject="water-bill", failure="department-down")
    receipt = await hall.told("/complaints", failed)
    assert receipt["answer_by"] is not None
    # From the failed service itself, too: its own department has to answer.
    other = await hall.told("/complaints", {**failed, "intent_id": "intent-0002", "service_id": "water-bill"})
    assert "Water" in other["department_en"]


@pytest.mark.parametrize(
    ("day", "days", "answer_by"),
    [
        (date(2026, 9, 18), 5, date(2026, 9, 24)),  # over a Sunday that is worked
        (date(2026, 2, 13), 3, date(2026, 2, 25)),  # over the Spring Festival
        (date(2030, 1, 7), 5, None),  # a year nobody knows the holidays of
    ],
)
async def test_the_day_of_the_answer_is_counted_in_working_days(
    hall: Hall, day: date, days: int, answer_by: date | None
) -> None:
    office = Office(hall, datetime(day.year, day.month, day.day, 10, tzinfo=CHINA), answer_days=days)
    assert (await office.take("intent-0001")).answer_by == answer_by
    assert (await office.take("intent-0002", kind="praise")).answer_by is None


async def test_words_are_forgotten(hall: Hall) -> None:
    office = Office(hall, datetime(2026, 1, 7, 2, tzinfo=UTC), keep_days=30)
    first = await office.take("intent-0001", phone=PHONE)
    office.now += timedelta(days=31)
    second = await office.take("intent-0002", phone=PHONE)
    async with hall.sessions() as session:
        rows = {row.ticket_no: row for row in await session.scalars(select(ComplaintRow))}
    assert (rows[first.ticket_no].text, rows[first.ticket_no].phone) == (None, None)
    assert rows[second.ticket_no].text == WORDS


async def test_the_day_s_digest(hall: Hall) -> None:
    office = Office(hall, datetime(2026, 9, 10, 10, tzinfo=CHINA))
    old = await office.take("intent-0001")
    office.now = datetime(2026, 9, 18, 0, 5, tzinfo=CHINA)  # still the seventeenth in UTC
    for number in range(2, 5):
        await office.take(
            f"intent-000{number}", kind="cannot-be-done", text="", subject="fund", failure="department-down"
        )
    await office.take("intent-0005", kind="praise")
    async with writing(hall.sessions) as session:
        found = await digest(session, DAY)
        assert found.kinds == {"cannot-be-done": 3, "praise": 1}
        assert found.failed == {("fund", "department-down"): 3}
        assert found.waiting[0].ticket_no == old.ticket_no
        assert (len(found.waiting), found.overdue) == (4, 1)
        assert await answered(session, old.ticket_no, office.now)
        assert not await answered(session, old.ticket_no, office.now)
        assert not await answered(session, "nothing", office.now)
        assert (await digest(session, DAY)).overdue == 0
        assert (await digest(session, DAY + timedelta(days=1))).kinds == {}


async def test_filed_with_the_department_once_it_answers(hall: Hall) -> None:
    hall.add(make_service("hotline", "complaint", auth="A0", operation="hotline.submit", form=[SUBJECT]))
    ticket = (await hall.told("/complaints", said(phone=PHONE, subject="queue")))["ticket_no"]
    now = datetime.now(UTC)
    filing = Filing(hall.sessions, hall.departments, clock=lambda: now)

    async def stored() -> ComplaintRow:
        async with hall.sessions() as session:
            row: ComplaintRow = await session.get_one(ComplaintRow, ticket)
        return row

    hall.departments.answers["hotline.submit"] = {"result": "?"}
    await filing.run()
    await filing.run()  # it waits
    assert len(hall.departments.asked) == 1
    now += timedelta(seconds=11)
    hall.departments.answers["hotline.submit"] = {"result": "ok", "department_no": "R-77"}
    await filing.run()
    now += timedelta(hours=1)
    await filing.run()  # it is filed
    assert [params["case_no"] for _, params in hall.departments.asked] == [ticket, ticket]
    form = hall.departments.asked[1][1]["form"]
    assert form == {"kind": "complaint", "subject": "queue", "text": WORDS, "phone": PHONE}
    assert (await stored()).department_no == "R-77"


async def test_a_subject_is_one_of_those_offered_or_a_service(hall: Hall) -> None:
    """It is kept in clear: nobody's name finds its way into it."""
    offered(hall)
    await hall.told("/complaints", said("intent-0001", subject="queue"))
    await hall.told("/complaints", said("intent-0002", subject="water-bill"))
    for subject in ("张示范 13800000017", "no-such-service"):
        assert await hall.refused("/complaints", said("intent-0003", subject=subject)) == "form-invalid"


async def test_one_bad_ticket_does_not_hold_up_the_others(hall: Hall) -> None:
    """Its words cannot be read: it waits, the others are filed."""
    hall.add(make_service("hotline", "complaint", auth="A0", operation="hotline.submit"))
    tickets = [(await hall.told("/complaints", said(f"intent-000{number}")))["ticket_no"] for number in range(3)]
    async with writing(hall.sessions) as session:
        await session.execute(text("UPDATE complaint SET text = 'damaged' WHERE ticket_no = :no"), {"no": tickets[0]})
        await session.commit()
    hall.departments.answers["hotline.submit"] = {"result": "ok", "department_no": "R-1"}
    for _ in range(2):
        await Filing(hall.sessions, hall.departments).run()
    assert sorted(params["case_no"] for _, params in hall.departments.asked) == sorted(tickets[1:])
    async with hall.sessions() as session:
        waits = await session.execute(
            select(ComplaintRow.ticket_no, ComplaintRow.tries).where(ComplaintRow.next_at.is_not(None))
        )
    assert [tuple(row) for row in waits] == [(tickets[0], 1)]


async def test_whoever_has_lost_the_lease_files_nothing(hall: Hall) -> None:
    hall.add(make_service("hotline", "complaint", auth="A0", operation="hotline.submit"))
    await hall.told("/complaints", said())
    hall.departments.answers["hotline.submit"] = {"result": "ok", "department_no": "R-1"}
    await Filing(hall.sessions, hall.departments).run(Lease("complaints.file", "somebody", 7))
    assert hall.departments.asked == []


async def test_a_ticket_the_department_does_not_take_stays_here(hall: Hall) -> None:
    hall.add(make_service("hotline", "complaint", auth="A0", operation="hotline.submit", form=[SUBJECT]))
    await hall.told("/complaints", said())
    hall.departments.answers["hotline.submit"] = {"result": "refused", "reason": "unknown"}
    with capture_logs() as logs:
        for _ in range(2):
            await Filing(hall.sessions, hall.departments).run()
    assert len(hall.departments.asked) == 1
    assert [entry["event"] for entry in logs] == ["complaint_not_taken"]


async def test_only_complaint_services_are_filed(hall: Hall) -> None:
    """A failed service names an operation that takes no complaints."""
    offered(hall)
    await hall.told("/complaints", said(service_id="water-bill", kind="cannot-be-done"))
    await hall.told("/complaints", said("intent-0002"))
    await Filing(hall.sessions, hall.departments).run()
    assert hall.departments.asked == []
    async with hall.sessions() as session:
        assert {row.next_at for row in await session.scalars(select(ComplaintRow))} == {None}


async def test_the_commands(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    offered(hall)
    ticket = (await hall.told("/complaints", said(phone=PHONE)))["ticket_no"]
    monkeypatch.setenv("MENKOU_BACKEND_VAR_DIR", str(hall.house.settings.var_dir))
    monkeypatch.setenv("MENKOU_BACKEND_DATABASE_URL", hall.house.settings.database_url)
    shown = {}
    for command in (["digest"], ["read", ticket], ["done", ticket], ["done", ticket], ["read", "x"]):
        shown[" ".join(command)] = await asyncio.to_thread(CliRunner().invoke, app, command)
    assert ticket in shown["digest"].output
    assert WORDS not in shown["digest"].output
    assert WORDS in shown[f"read {ticket}"].output
    assert PHONE in shown[f"read {ticket}"].output
    assert shown[f"done {ticket}"].exit_code == 1  # it was answered before
    assert shown["read x"].exit_code == 1
