"""呼叫工作人员: the desk hears of it, and a helper joins by badge."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from backend.contract.service_api import CallReceipt, CallRequest, Helper, HelperBadge
from kiosk.link.client import Refusal, Unreachable
from kiosk.screens import Message
from kiosk.session import Session
from kiosk.staff_call import call_staff
from tests.kiosk.journeys.fakes import Points, Wait
from tests.kiosk.journeys.office import Office
from tests.kiosk.journeys.service_world import FakeScanner, ServiceLink, ServiceWorld

BADGE = "menkou-badge:wang"


class _Link(ServiceLink):
    """A desk that knows one badge."""

    calls: list[CallRequest]
    away = False

    async def call_staff(self, request: CallRequest) -> Any:
        if self.away:
            return Unreachable("gone")
        self.calls.append(request)
        return CallReceipt(call_no="C7")

    async def badge(self, badge: HelperBadge) -> Any:
        if badge.badge != BADGE:
            return Refusal("badge-unknown")
        return Helper(name="王帮办", valid_until=datetime.now(UTC))


def office(tmp_path: Path, **answers: Any) -> Office:
    world = ServiceWorld()
    made = Office(tmp_path / "j.sqlite3", world, **answers)
    made.link = _Link(world, Points())
    made.link.calls = []  # type: ignore[attr-defined]
    return made


async def test_the_desk_is_told(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        await call_staff(here.terminal, here.stage, None)  # type: ignore[arg-type]
    [call] = here.link.calls  # type: ignore[attr-defined]
    assert call.reason == "button"
    [told] = here.screens(Message)
    assert told.body.zh.startswith("已经通知工作人员")


async def test_without_the_desk_there_is_a_number_to_ring(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        here.link.away = True  # type: ignore[attr-defined]
        await call_staff(here.terminal, here.stage, None)  # type: ignore[arg-type]
    [told] = here.screens(Message)
    assert "已经通知" not in told.body.zh
    assert "12345" in told.body.zh


async def test_a_badge_joins_the_session_and_a_stranger_does_not(tmp_path: Path) -> None:
    session = Session()
    async with office(tmp_path, Message=[Wait(0.5, "ok"), "ok"]) as here:
        here.scanner = FakeScanner("https://example.invalid/advertisement", BADGE)
        await asyncio.wait_for(call_staff(here.terminal, here.stage, session), 5)  # type: ignore[arg-type]
    assert session.helper == "王帮办"
    assert here.screens(Message)[-1].question.zh == "王帮办 正在帮您"


async def test_nobody_joins_where_no_session_runs(tmp_path: Path) -> None:
    async with office(tmp_path) as here:
        here.scanner = FakeScanner(BADGE)
        await call_staff(here.terminal, here.stage, None)  # type: ignore[arg-type]
    assert here.scanner.codes == [BADGE]
