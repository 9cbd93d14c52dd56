"""Where rollouts went wrong elsewhere, and once here: races, pauses, roll-backs that leave somebody behind."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from backend.contract.fleet_api import RolloutReport
from backend.db.engine import writing
from backend.fleet.models import KioskPulse, KioskState
from backend.releases.deadlines import deadline, moved
from backend.releases.models import Release, Rollout, RolloutMember
from backend.releases.reports import take_report
from backend.releases.states import MemberState as M
from backend.releases.steering import halt
from backend.staff.approvals import Approval, ApprovalError, decide
from tests.backend.desk import Desk
from tests.backend.releases.fleet import SECOND, Fleet


@pytest.fixture
async def fleet(desk: Desk) -> Fleet:
    await desk.seed(0.001)
    made = Fleet(desk)
    await made.enrol_all()
    await made.enter()
    return made


async def _begun(fleet: Fleet, **plan: object) -> tuple[str, list[str]]:
    """A rollout whose only group has been told."""
    groups = [{"name": "all", "share": 100}]
    rollout = await fleet.start(await fleet.plan(**({"groups": groups} | plan)))
    await fleet.step()
    return rollout, await fleet.members(rollout, M.OFFERED)


async def test_a_report_that_comes_during_a_step_is_not_overwritten(fleet: Fleet) -> None:
    rollout, members = await _begun(fleet)
    fleet.now += timedelta(seconds=30)
    await fleet.heartbeat(members)
    if not str(fleet.desk.app.state.engine.url).startswith("postgresql"):
        return  # SQLite has one writer
    async with writing(fleet.desk.sessions) as held:
        assert await take_report(held, rollout, members[0], RolloutReport(stage="running", version="v2"), fleet.now)
        await held.flush()
        await fleet.step()  # while the report is not committed
        await held.commit()
    await fleet.step(5)
    assert await fleet.members(rollout, M.SUCCEEDED) == members[:1]
    assert await fleet.members(rollout, M.ATTEMPTED) == members[1:]


async def test_a_halt_and_reports_at_once_neither_fail_nor_lose(fleet: Fleet) -> None:
    rollout, members = await _begun(fleet)

    async def say(kiosk: str) -> None:
        async with writing(fleet.desk.sessions) as session:
            report = RolloutReport(stage="running", version="v2")
            assert await take_report(session, rollout, kiosk, report, fleet.now)
            await session.commit()

    async def stop() -> None:
        async with writing(fleet.desk.sessions) as session:
            row = await session.get_one(Rollout, rollout, with_for_update=True)
            await halt(session, row, "by hand", "test", fleet.now)
            await session.commit()

    await asyncio.gather(*(say(kiosk) for kiosk in members[:6]), stop(), *(say(kiosk) for kiosk in members[6:12]))
    assert await fleet.state(rollout) == "halted"
    assert await fleet.members(rollout, M.SUCCEEDED) == members[:12]
    await fleet.step()
    assert await fleet.told() == []


async def test_a_pause_stops_the_clocks(fleet: Fleet) -> None:
    rollout, members = await _begun(fleet)
    fleet.now += timedelta(seconds=60)
    await fleet.heartbeat(members[:5])
    await fleet.step()
    await fleet.deed(rollout, "pause")
    assert await fleet.told() == members[:5], "who has heard goes on, the others are not told"
    await fleet.say(rollout, members[:5], "running")
    await fleet.step(7 * 86_400)
    assert await fleet.state(rollout) == "paused"
    assert await fleet.members(rollout, M.WAITING) == members[5:]
    # One had the order already when the pause came.
    await fleet.say(rollout, members[5:6], "running")
    assert members[5] in await fleet.members(rollout, M.SUCCEEDED)
    await fleet.deed(rollout, "resume")
    assert await fleet.told() == members[6:]
    await fleet.say(rollout, members[6:], "running")
    await fleet.step()
    await fleet.step()
    assert await fleet.state(rollout) == "done"


async def test_whoever_finishes_during_a_roll_back_goes_back_too(fleet: Fleet) -> None:
    await fleet.enter("content", "v2", b"a pack")
    rollout, members = await _begun(fleet)
    await fleet.say(rollout, members[:3], "installing", "v1")
    await fleet.say(rollout, members[3:5], "running")
    fleet.now += timedelta(seconds=60)
    await fleet.heartbeat(members[5:6])  # has heard, and its reports are lost
    await fleet.deed(rollout, "take-back")
    assert await fleet.members(rollout, M.RESTORING) == members[:6]
    await fleet.step(30)
    assert await fleet.members(rollout, M.RESTORING) == members[:6], "the old version in a heartbeat proves nothing"
    await fleet.say(rollout, members[:6], "running", "v1")
    await fleet.step()
    assert await fleet.state(rollout) == "rolled-back"
    # Two come through only now: one that had gone back, and one that nobody knew had begun.
    await fleet.say(rollout, [members[0], members[9]], "running", "v2")
    assert await fleet.members(rollout, M.RESTORING) == [members[0], members[9]]
    order = await fleet.desk.app.state.rollout_orders.order(rollout, members[0])
    assert order.restore


async def test_one_that_was_away_during_the_roll_back_is_told_when_it_returns(fleet: Fleet) -> None:
    rollout, members = await _begun(fleet)
    await fleet.say(rollout, members, "running")
    await fleet.deed(rollout, "take-back")
    await fleet.say(rollout, members[1:], "running", "v1")
    await fleet.step(400 * 86_400)
    assert await fleet.state(rollout) == "rolled-back"
    assert await fleet.members(rollout, M.STUCK) == members[:1]
    await fleet.step()
    assert await fleet.told() == members[:1]
    order = await fleet.desk.app.state.rollout_orders.order(rollout, members[0])
    assert order.restore
    await fleet.say(rollout, members[:1], "running", "v1")
    assert await fleet.members(rollout, M.RESTORED) == members
    assert await fleet.told() == []


async def test_what_ran_before_proves_nothing(fleet: Fleet) -> None:
    await fleet.enter("content", "v2", b"a pack")
    plan = await fleet.plan(groups=[{"name": "all", "share": 100}])
    async with writing(fleet.desk.sessions) as session:
        # After it was made: a list from before, and all of them are silent.
        await session.execute(update(KioskState).values(content="v2"))
        await session.commit()
    rollout = await fleet.start(plan)
    await fleet.step()
    await fleet.step(30)
    assert await fleet.members(rollout, M.SUCCEEDED) == []
    again = await fleet.desk.post(
        "/api/staff/v1/rollouts",
        json={"title": "x", "release_id": fleet.release_id, "members": {"regions": ["99" + "0" * 10]}},
    )
    assert again.status_code == 422
    assert "already" in again.json()["detail"]


async def test_what_is_lost_while_watched_halts_the_rollout(fleet: Fleet) -> None:
    rollout, members = await _begun(
        fleet, groups=[{"name": "a", "share": 50}, {"name": "b", "share": 100}], soak_s=600, max_error_share=0.01
    )
    await fleet.say(rollout, members, "running")
    await fleet.step()
    async with writing(fleet.desk.sessions) as session:
        gone = KioskState.kiosk_id.in_(members[:2])
        await session.execute(update(KioskState).where(gone).values(online=False))
        await session.commit()
    await fleet.step(601)
    assert await fleet.state(rollout) == "halted"
    reply = await fleet.desk.get(f"/api/staff/v1/rollouts/{rollout}")
    assert "2 of those that succeeded were lost" in reply.json()["reason"]


async def test_taking_the_order_and_dying_of_it_is_no_absence(fleet: Fleet) -> None:
    rollout, members = await _begun(fleet)
    async with writing(fleet.desk.sessions) as session:
        right_then = fleet.now + timedelta(seconds=5)
        await session.execute(update(KioskPulse).where(KioskPulse.kiosk_id == members[0]).values(seen_at=right_then))
        await session.commit()
    await fleet.say(rollout, members[1:], "running")
    await fleet.step(3700)
    assert await fleet.members(rollout, M.SILENT) == members[:1]


async def test_a_refused_release_is_a_draft_again(fleet: Fleet) -> None:
    rollout = (await fleet.plan())["rollout_id"]
    await fleet.deed(rollout, "request-release")
    async with writing(fleet.desk.sessions) as session:
        asked = await session.scalar(select(Approval).where(Approval.state == "open"))
        assert asked is not None
        await decide(session, SECOND, asked.approval_id, False, datetime.now(UTC))
        await session.commit()
    assert await fleet.state(rollout) == "draft"
    await fleet.deed(rollout, "request-release")


async def test_of_two_that_are_agreed_to_at_once_one_begins(fleet: Fleet) -> None:
    for _ in range(2):
        await fleet.deed((await fleet.plan())["rollout_id"], "request-release")
    async with fleet.desk.sessions() as session:
        asked = list(await session.scalars(select(Approval.approval_id).where(Approval.state == "open")))

    async def agree(approval: str) -> bool:
        async with writing(fleet.desk.sessions) as session:
            try:
                await decide(session, SECOND, approval, True, datetime.now(UTC))
            except ApprovalError as error:
                assert error.code == "busy"  # noqa: PT017 - either of the two
                return False
            await session.commit()
            return True

    assert sorted(await asyncio.gather(*(agree(approval) for approval in asked))) == [False, True]


async def test_a_late_success_is_wanted_again(fleet: Fleet) -> None:
    await fleet.enter("content", "v2", b"a pack")
    rollout, members = await _begun(fleet, max_error_share=0.5)
    fleet.now += timedelta(seconds=60)
    await fleet.heartbeat(members)
    await fleet.step()
    await fleet.say(rollout, members[1:], "running")
    await fleet.step(4000)
    async with fleet.desk.sessions() as session:
        assert (await session.get_one(KioskPulse, members[0])).content_wanted == "v1"
        assert (await session.get_one(RolloutMember, (rollout, members[0]))).state == M.SILENT
    await fleet.say(rollout, members[:1], "running")
    async with fleet.desk.sessions() as session:
        assert (await session.get_one(KioskPulse, members[0])).content_wanted == "v2"


def test_a_deadline_counts_the_download_and_the_window() -> None:
    now = datetime(2026, 11, 22, 4, tzinfo=UTC)  # noon in China
    rollout = Rollout(bytes_per_s=20_000, silence_s=600, window_from=22 * 60, window_to=5 * 60)
    release = Release(size=20_000_000)
    due = deadline(rollout, release, "K-1", now)
    assert datetime(2026, 11, 22, 14, 10, tzinfo=UTC) <= due <= datetime(2026, 11, 22, 21, 10, tzinfo=UTC)
    rollout.window_from = rollout.window_to = None
    assert deadline(rollout, release, "K-1", now) == now + timedelta(seconds=1000 + 600)
    # Signs of life move it, not for ever, and never back.
    assert moved(due, now, due + timedelta(hours=1)) == due + timedelta(hours=1)
    assert moved(due, now, due - timedelta(hours=1)) == due
    assert moved(due, now, now + timedelta(days=30)) == now + timedelta(days=7)
