"""Four eyes are two people's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from backend.db.engine import Sessions, writing
from backend.staff import approvals
from backend.staff.approvals import Approval, ApprovalError
from backend.staff.roles import Grant, Role, Staff

NOW = datetime(2026, 11, 22, tzinfo=UTC)
REGION = "990100000000"
ASKER = Staff("asker", "甲", (Grant(Role.SYSTEM_ADMIN, REGION),))
OTHER = Staff("other", "乙", (Grant(Role.SECURITY_ADMIN, REGION),))
ELSEWHERE = Staff("elsewhere", "丙", (Grant(Role.SYSTEM_ADMIN, "990200000000"),))
VIEWER = Staff("viewer", "丁", (Grant(Role.VIEWER, REGION),))


@pytest.fixture
async def asked(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> tuple[str, list[str]]:
    """A request's id, and what was carried out."""
    done: list[str] = []

    async def carry_out(session: object, approval: Approval) -> None:
        done.append(approval.subject)

    async def set_aside(session: object, approval: Approval) -> None:
        done.append(f"{approval.state}: {approval.subject}")

    monkeypatch.setattr(approvals, "_DEEDS", dict(approvals._DEEDS))
    approvals.register("test.wipe", carry_out, set_aside=set_aside)
    approvals.register("test.plain", carry_out)
    async with writing(sessions) as session:
        made = await approvals.request(session, ASKER, "test.wipe", "kiosk:K-1", REGION, {}, "sold", NOW)
        await session.commit()
    return made.approval_id, done


async def _decide(sessions: Sessions, staff: Staff, approval: str, agree: bool = True, at: datetime = NOW) -> None:
    async with writing(sessions) as session:
        await approvals.decide(session, staff, approval, agree, at)
        await session.commit()


async def test_another_agrees_and_it_is_done_once(sessions: Sessions, asked: tuple[str, list[str]]) -> None:
    approval, done = asked
    await _decide(sessions, OTHER, approval)
    assert done == ["kiosk:K-1"]
    with pytest.raises(ApprovalError, match="already"):
        await _decide(sessions, OTHER, approval)
    assert done == ["kiosk:K-1"]


@pytest.mark.parametrize(("staff", "code"), [(ASKER, "own-request"), (ELSEWHERE, "not-found"), (VIEWER, "not-allowed")])
async def test_not_by_these(sessions: Sessions, asked: tuple[str, list[str]], staff: Staff, code: str) -> None:
    with pytest.raises(ApprovalError) as caught:
        await _decide(sessions, staff, asked[0])
    assert caught.value.code == code
    assert asked[1] == []


async def test_whoever_asked_may_take_it_back(sessions: Sessions, asked: tuple[str, list[str]]) -> None:
    await _decide(sessions, ASKER, asked[0], agree=False)
    assert asked[1] == ["refused: kiosk:K-1"]


async def test_not_after_a_day(sessions: Sessions, asked: tuple[str, list[str]]) -> None:
    with pytest.raises(ApprovalError, match="too old"):
        await _decide(sessions, OTHER, asked[0], at=NOW + timedelta(days=1))
    assert asked[1] == []
    async with writing(sessions) as session:
        assert await approvals.expire(session, NOW + timedelta(days=1)) == 1
        await session.commit()
    assert asked[1] == ["expired: kiosk:K-1"]  # whatever waited for it is let go of


async def test_what_nothing_waits_for_is_refused_all_the_same(sessions: Sessions, asked: tuple[str, list[str]]) -> None:
    async with writing(sessions) as session:
        made = await approvals.request(session, ASKER, "test.plain", "kiosk:K-2", REGION, {}, "", NOW)
        await session.commit()
    await _decide(sessions, OTHER, made.approval_id, agree=False)
    assert asked[1] == []


async def test_a_refusal_whose_setting_aside_fails_is_not_given(
    sessions: Sessions, asked: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(session: object, approval: Approval) -> None:
        raise ApprovalError("gone", "not there any more")

    approvals.register("test.wipe", fails, set_aside=fails)
    with pytest.raises(ApprovalError):
        await _decide(sessions, OTHER, asked[0], agree=False)
    async with sessions() as session:
        found = await session.get(Approval, asked[0])
    assert found is not None
    assert found.state == "open"
