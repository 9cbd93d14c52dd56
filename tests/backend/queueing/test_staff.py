"""The hall's side of the queue: staff and the command call numbers in their own places only."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from backend.db.engine import writing
from backend.queueing.cli import app
from backend.queueing.models import QueueTicket
from backend.staff.audit import AuditEntry
from backend.staff.roles import Role
from content.calendar import local_day
from tests.backend.desk import CITY, OTHER_CITY, Desk, staff_with
from tests.backend.hall import Hall
from tests.backend.queueing.test_tickets import SITE, Day

REGION = "990101000000"
QUEUE = f"/api/staff/v1/queues/S-{REGION}"
OPERATOR = staff_with(Role.OPERATOR, CITY)


async def wait(desk: Desk, numbers: int) -> None:
    at = datetime.now(UTC)
    async with writing(desk.sessions) as session:
        for number in range(1, numbers + 1):
            session.add(
                QueueTicket(
                    kiosk_id="k",
                    intent_id=f"intent-{number:04d}",
                    site_id=f"S-{REGION}",
                    region_code=REGION,
                    day=local_day(at),
                    letter="A",
                    number=number,
                    rank=2,
                    service_id="queue-ticket",
                    matter="social",
                    state="waiting",
                    issued_at=at,
                )
            )
        await session.commit()


async def test_staff_call_the_next_number(desk: Desk) -> None:
    await desk.seed()
    await wait(desk, 2)
    assert (await desk.get(QUEUE, OPERATOR)).json() == {"site_id": f"S-{REGION}", "waiting": {"A": 2}}
    called = [
        (await desk.post(f"{QUEUE}/next", OPERATOR, json={"window": "3", "letters": letters})).json()
        for letters in (["B"], ["a"], [], [])
    ]
    assert [one["number"] for one in called] == [None, "A001", "A002", None]


async def test_only_in_their_own_places(desk: Desk) -> None:
    await desk.seed()
    await wait(desk, 1)
    stranger = staff_with(Role.OPERATOR, OTHER_CITY)
    assert (await desk.get(QUEUE, stranger)).status_code == 404
    assert (await desk.post(f"{QUEUE}/next", stranger, json={"window": "3"})).status_code == 404
    viewer = staff_with(Role.VIEWER, CITY)
    assert (await desk.post(f"{QUEUE}/next", viewer, json={"window": "3"})).status_code == 403
    assert (await desk.post(f"{QUEUE}/next", OPERATOR, json={"window": ""})).status_code == 422
    assert (await desk.get(QUEUE, OPERATOR)).json()["waiting"] == {"A": 1}


async def test_the_command(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    Day(hall)
    for number in range(2):
        body = {"intent_id": f"intent-{number:04d}", "service_id": "queue-ticket", "matter": "social"}
        await hall.told("/queue/tickets", body)
    monkeypatch.setenv("MENKOU_BACKEND_VAR_DIR", str(hall.house.settings.var_dir))
    monkeypatch.setenv("MENKOU_BACKEND_DATABASE_URL", hall.house.settings.database_url)
    said = [
        (await asyncio.to_thread(CliRunner().invoke, app, command)).output.split()
        for command in (["show", SITE], ["next", SITE, "--window", "3"], ["next", SITE], ["next", SITE], ["show", SITE])
    ]
    assert said[:3] == [["A", "2"], ["A001", "→", "3"], ["A002", "→", "1"]]
    assert said[3] == said[4] == ["nobody", "is", "waiting"]
    async with hall.sessions() as session:
        entries = list(await session.scalars(select(AuditEntry).where(AuditEntry.action == "queue.next")))
    assert [entry.detail for entry in entries] == [
        {"window": "3", "number": "A001"},
        {"window": "1", "number": "A002"},
    ]
