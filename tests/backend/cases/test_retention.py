"""What was applied for is erased a while after its department has it, and never before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import undefer

from backend.cases.models import CaseEvent, ServiceCase
from backend.cases.retention import Retention
from tests.backend.cases.world import opened, simple
from tests.backend.house import House

KEEP = timedelta(days=90)


async def content(house: House) -> str:
    async with house.backend.state.sessions() as session:
        case: ServiceCase = (await session.scalars(select(ServiceCase).options(undefer(ServiceCase.content)))).one()
    return case.content


async def test_erased_after_a_while_and_once(house: House) -> None:
    request = await simple(house, "signed", signature_png=None) | {"service_id": "free", "proof_id": None}
    receipt = await opened(house, request)
    now = datetime.now(UTC)
    sessions = house.backend.state.sessions
    retention = Retention(sessions, KEEP, clock=lambda: now)
    now += 2 * KEEP
    await retention.purge()
    assert "13800000017" in await content(house), "no department has it yet"
    now = datetime.now(UTC)
    await house.backend.state.case_handover.run()
    now += KEEP - timedelta(minutes=1)
    await retention.purge()
    assert "13800000017" in await content(house)
    now += timedelta(hours=1)
    await retention.purge()
    await retention.purge()
    assert await content(house) == "{}"
    async with sessions() as session:
        erased = select(func.count()).select_from(CaseEvent).where(CaseEvent.kind == "erased")
        assert await session.scalar(erased) == 1
    query = {"case_no": receipt["case_no"], "check_code": receipt["check_code"]}
    status = (await house.call("POST", "/cases/status", query)).json()
    assert [step["state"] for step in status["steps"]] == ["done", "done", "now", "todo"]
    assert (await opened(house, request))["case_no"] == receipt["case_no"]
