"""A person's hands on a rollout: ask for its release, pause, resume, halt, take back. The caller commits; a deed that
has been done already is done again without harm."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from backend.releases.models import Release, Rollout, RolloutGroup, RolloutMember
from backend.releases.offers import ask_back, withdraw
from backend.releases.planning import PlanError
from backend.releases.states import UNFINISHED, GroupState, MemberState, RolloutState
from backend.staff import approvals
from backend.staff.approvals import Approval
from backend.staff.audit import record
from backend.staff.roles import Staff

RELEASE = "rollout.release"
_S, _M = RolloutState, MemberState


async def ask_for_release(session: AsyncSession, staff: Staff, rollout: Rollout, reason: str, at: datetime) -> Approval:
    """A second person has to agree before anything reaches a kiosk. Raises PlanError."""
    _expect(rollout, [_S.DRAFT], "released")
    rollout.state = _S.AWAITING.value
    return await approvals.request(
        session,
        staff,
        RELEASE,
        f"rollout:{rollout.rollout_id}",
        rollout.region_code,
        {"rollout_id": rollout.rollout_id, "title": rollout.title},
        reason,
        at,
    )


async def _carry_out(session: AsyncSession, approval: Approval) -> None:
    rollout = await session.get(Rollout, approval.arguments["rollout_id"], with_for_update=True)
    if rollout is None or rollout.state != _S.AWAITING:
        raise approvals.ApprovalError("gone", "this rollout does not wait for anybody any more")
    busy = await held_elsewhere(session, rollout)
    if busy:
        raise approvals.ApprovalError("busy", f"{busy} of its kiosks are in another rollout that is still open")
    rollout.state, rollout.started_at = _S.RUNNING.value, approval.decided_at


approvals.register(RELEASE, _carry_out)


async def held_elsewhere(session: AsyncSession, rollout: Rollout) -> int:
    """How many members another open rollout has."""
    other = aliased(RolloutMember)
    count = await session.scalar(
        select(func.count())
        .select_from(RolloutMember)
        .join(other, other.kiosk_id == RolloutMember.kiosk_id)
        .join(Rollout, Rollout.rollout_id == other.rollout_id)
        .where(
            RolloutMember.rollout_id == rollout.rollout_id,
            other.rollout_id != rollout.rollout_id,
            Rollout.state.in_([state.value for state in _S if state.open]),
        )
    )
    return count or 0


async def pause(session: AsyncSession, rollout: Rollout, actor: str, at: datetime) -> None:
    """Nobody new is attempted."""
    if rollout.state != _S.PAUSED:
        _expect(rollout, [_S.RUNNING], "paused")
        rollout.state = _S.PAUSED.value
        await _record(session, rollout, "pause", actor, at)


async def resume(session: AsyncSession, rollout: Rollout, actor: str, at: datetime) -> None:
    if rollout.state != _S.RUNNING:
        _expect(rollout, [_S.PAUSED], "resumed")
        rollout.state = _S.RUNNING.value
        await _record(session, rollout, "resume", actor, at)


async def halt(session: AsyncSession, rollout: Rollout, reason: str, actor: str, at: datetime) -> None:
    """Stop for good. What has not been switched keeps its version; `take_back` is a deed of its own."""
    if rollout.state == _S.HALTED:
        return
    _expect(rollout, [_S.RUNNING, _S.PAUSED], "halted")
    release = await session.get_one(Release, rollout.release_id)
    await withdraw(session, rollout.rollout_id, release, [*UNFINISHED, _M.FAILED, _M.SILENT, _M.UNREACHED])
    await _set(session, rollout, UNFINISHED, _M.WITHDRAWN, at)
    await session.execute(
        update(RolloutGroup)
        .where(RolloutGroup.rollout_id == rollout.rollout_id, RolloutGroup.state == GroupState.RUNNING.value)
        .values(state=GroupState.HALTED.value, finished_at=at)
    )
    rollout.state, rollout.reason, rollout.finished_at = _S.HALTED.value, reason[:300], at
    await _record(session, rollout, "halt", actor, at, reason=reason[:300])


async def cancel(session: AsyncSession, rollout: Rollout, actor: str, at: datetime) -> None:
    """Before it has begun."""
    if rollout.state == _S.CANCELLED:
        return
    _expect(rollout, [_S.DRAFT, _S.AWAITING], "cancelled")
    rollout.state, rollout.finished_at = _S.CANCELLED.value, at
    await _record(session, rollout, "cancel", actor, at)


async def take_back(session: AsyncSession, rollout: Rollout, actor: str, at: datetime) -> int:
    """Whoever has, or may have, the new version goes back to the one before; returns how many are told."""
    if rollout.state in (_S.ROLLING_BACK, _S.ROLLED_BACK):
        return 0
    _expect(rollout, [_S.RUNNING, _S.PAUSED, _S.HALTED, _S.DONE], "taken back")
    busy = await held_elsewhere(session, rollout)
    if busy:
        raise PlanError("busy", f"{busy} of its kiosks are in another rollout that is still open: halt that first")
    release = await session.get_one(Release, rollout.release_id)
    await withdraw(session, rollout.rollout_id, release, [*UNFINISHED, _M.UNREACHED])
    await session.execute(
        update(RolloutMember)
        .where(
            RolloutMember.rollout_id == rollout.rollout_id,
            RolloutMember.heard_at.is_not(None),
            RolloutMember.state.in_([_M.SUCCEEDED, _M.ATTEMPTED, _M.SILENT, _M.WITHDRAWN]),
        )
        .values(
            state=_M.RESTORING.value,
            stage="",
            deadline_at=at + timedelta(seconds=rollout.reach_s + rollout.silence_s),
            finished_at=None,
        )
        .execution_options(synchronize_session=False)
    )
    await _set(session, rollout, [*UNFINISHED, _M.UNREACHED], _M.WITHDRAWN, at)
    told = await ask_back(session, rollout.rollout_id, release, [_M.RESTORING])
    rollout.state, rollout.finished_at = _S.ROLLING_BACK.value, None
    await _record(session, rollout, "take-back", actor, at, kiosks=told)
    return told


async def _set(
    session: AsyncSession, rollout: Rollout, before: Sequence[MemberState], after: MemberState, at: datetime
) -> None:
    await session.execute(
        update(RolloutMember)
        .where(
            RolloutMember.rollout_id == rollout.rollout_id,
            RolloutMember.state.in_([state.value for state in before]),
        )
        .values(state=after.value, finished_at=at)
        .execution_options(synchronize_session=False)
    )


def _expect(rollout: Rollout, states: Sequence[RolloutState], what: str) -> None:
    if rollout.state not in states:
        raise PlanError("state", f"a rollout that is {rollout.state} cannot be {what}")


async def _record(
    session: AsyncSession, rollout: Rollout, deed: str, actor: str, at: datetime, **detail: object
) -> None:
    await record(
        session,
        actor,
        f"rollout.{deed}",
        f"rollout:{rollout.rollout_id}",
        at,
        region_code=rollout.region_code,
        detail={"title": rollout.title, **detail},
    )
