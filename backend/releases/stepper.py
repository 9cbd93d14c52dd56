"""Takes every running rollout further: who has heard, who has succeeded, who fell silent, and is the gate open?

A job under a lease; each rollout is stepped in one transaction that is fenced. Everything is worked out from the
tables, so a desk that was away, or a process that died half way, changes nothing but the time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db.engine import Sessions, writing
from backend.fleet.models import KioskPulse, KioskState
from backend.operations.jobs import Lease
from backend.releases.gate import Verdict, judge
from backend.releases.models import Release, Rollout, RolloutGroup, RolloutMember
from backend.releases.offers import offer, settle, withdraw
from backend.releases.states import GroupState, MemberState, ReleaseKind, RolloutState
from backend.releases.steering import halt
from backend.releases.windows import switch_time

log = structlog.get_logger()

_AT_ONCE = 2000  # members looked at one by one in a step
# A heartbeat that was under way while the offer was written has not heard it.
_HEARD_AFTER = timedelta(seconds=10)
_M = MemberState


class Stepper:
    def __init__(self, sessions: Sessions, clock: Callable[[], datetime]) -> None:
        self._sessions = sessions
        self._clock = clock

    async def run(self, lease: Lease) -> None:
        """One round over all open rollouts."""
        async with self._sessions() as session:
            open_ones = list(
                await session.scalars(
                    select(Rollout.rollout_id).where(
                        Rollout.state.in_([RolloutState.RUNNING, RolloutState.PAUSED, RolloutState.ROLLING_BACK])
                    )
                )
            )
        for rollout_id in open_ones:
            async with writing(self._sessions) as session:
                await self._step(session, rollout_id)
                if await lease.still_ours(session):
                    await session.commit()

    async def _step(self, session: AsyncSession, rollout_id: str) -> None:
        rollout = await session.get(Rollout, rollout_id, with_for_update=True)
        if rollout is None or not RolloutState(rollout.state).open:
            return
        release = await session.get_one(Release, rollout.release_id)
        now = self._clock()
        if rollout.state == RolloutState.ROLLING_BACK:
            await self._step_back(session, rollout, release, now)
            return
        await self._note_heard(session, rollout, now)
        await self._note_running(session, rollout, release, now)
        await self._note_silence(session, rollout, release, now)
        await self._step_groups(session, rollout, release, now)

    async def _note_heard(self, session: AsyncSession, rollout: Rollout, now: datetime) -> None:
        heard = await session.execute(
            select(RolloutMember.kiosk_id, KioskPulse.seen_at, RolloutMember.offered_at)
            .join(KioskPulse, KioskPulse.kiosk_id == RolloutMember.kiosk_id)
            .where(
                RolloutMember.rollout_id == rollout.rollout_id,
                RolloutMember.state == _M.OFFERED.value,
                KioskPulse.seen_at > RolloutMember.offered_at,
            )
            .limit(_AT_ONCE)
        )
        rows = [
            {
                "rollout_id": rollout.rollout_id,
                "kiosk_id": kiosk_id,
                "state": _M.ATTEMPTED.value,
                "heard_at": seen_at,
                "deadline_at": deadline(rollout, kiosk_id, seen_at),
            }
            for kiosk_id, seen_at, offered_at in heard
            if seen_at is not None and offered_at is not None and seen_at > offered_at + _HEARD_AFTER
        ]
        if rows:
            await session.execute(update(RolloutMember), rows)

    async def _note_running(self, session: AsyncSession, rollout: Rollout, release: Release, now: datetime) -> None:
        """Those whose heartbeat says that the version runs, whether or not their own report arrived."""
        if release.kind == ReleaseKind.TRIAL:
            return
        column = KioskState.content if release.kind == ReleaseKind.CONTENT else KioskState.software
        running = select(KioskState.kiosk_id).where(column == release.version)
        await session.execute(
            update(RolloutMember)
            .where(
                RolloutMember.rollout_id == rollout.rollout_id,
                RolloutMember.state.in_([_M.OFFERED, _M.ATTEMPTED, _M.SILENT, _M.UNREACHED]),
                RolloutMember.kiosk_id.in_(running),
            )
            .values(state=_M.SUCCEEDED.value, stage="running", finished_at=now)
            .execution_options(synchronize_session=False)
        )
        await settle(session, rollout.rollout_id, [_M.SUCCEEDED])

    async def _note_silence(self, session: AsyncSession, rollout: Rollout, release: Release, now: datetime) -> None:
        await _move(session, rollout, [_M.ATTEMPTED], _M.SILENT, now, RolloutMember.deadline_at < now)
        await withdraw(session, rollout.rollout_id, release, [_M.SILENT])
        # An unreached one keeps its offer: it takes the version when it is back.
        reach = now - timedelta(seconds=rollout.reach_s)
        await _move(session, rollout, [_M.OFFERED], _M.UNREACHED, now, RolloutMember.offered_at < reach)

    async def _step_groups(self, session: AsyncSession, rollout: Rollout, release: Release, now: datetime) -> None:
        groups = list(
            await session.scalars(
                select(RolloutGroup)
                .where(RolloutGroup.rollout_id == rollout.rollout_id)
                .order_by(RolloutGroup.number)
                .with_for_update()
            )
        )
        for group in groups:
            if group.state == GroupState.DONE:
                continue
            if group.state == GroupState.RUNNING:
                await self._judge(session, rollout, group, now)
            elif rollout.state == RolloutState.RUNNING and _soaked(groups, group, rollout, now):
                await self._begin(session, rollout, group, release, now)
            return
        rollout.state, rollout.finished_at = RolloutState.DONE.value, now
        log.info("rollout_done", rollout=rollout.rollout_id)

    async def _begin(
        self, session: AsyncSession, rollout: Rollout, group: RolloutGroup, release: Release, now: datetime
    ) -> None:
        group.state, group.started_at = GroupState.RUNNING.value, now
        await session.execute(
            update(RolloutMember)
            .where(
                RolloutMember.rollout_id == rollout.rollout_id,
                RolloutMember.group_number == group.number,
                RolloutMember.state == _M.WAITING.value,
            )
            .values(state=_M.OFFERED.value, offered_at=now)
            .execution_options(synchronize_session=False)
        )
        told = await offer(session, rollout.rollout_id, release, [_M.OFFERED])
        log.info("rollout_group_begun", rollout=rollout.rollout_id, group=group.number, kiosks=told)

    async def _judge(self, session: AsyncSession, rollout: Rollout, group: RolloutGroup, now: datetime) -> None:
        counts = await member_counts(session, rollout.rollout_id, group.number)
        judgement = judge(counts, max_error_share=rollout.max_error_share, min_sample=rollout.min_sample)
        if judgement.verdict is Verdict.WAIT:
            return
        group.finished_at = now
        group.report = {
            "verdict": judgement.verdict.value,
            "reason": judgement.reason,
            "attempted": judgement.attempted,
            "errors": judgement.errors,
            "states": {state.value: count for state, count in counts.items()},
        }
        if judgement.verdict is Verdict.PASS:
            group.state = GroupState.DONE.value
            log.info("rollout_group_done", rollout=rollout.rollout_id, group=group.number, reason=judgement.reason)
            return
        await halt(session, rollout, f"{group.name}: {judgement.reason}", "system", now)

    async def _step_back(self, session: AsyncSession, rollout: Rollout, release: Release, now: datetime) -> None:
        if release.kind != ReleaseKind.TRIAL:
            column = KioskState.content if release.kind == ReleaseKind.CONTENT else KioskState.software
            gone_back = select(KioskState.kiosk_id).where(column != release.version)
            await _move(session, rollout, [_M.RESTORING], _M.RESTORED, now, RolloutMember.kiosk_id.in_(gone_back))
        await _move(session, rollout, [_M.RESTORING], _M.STUCK, now, RolloutMember.deadline_at < now)
        await settle(session, rollout.rollout_id, [_M.RESTORED])
        left = (await member_counts(session, rollout.rollout_id)).get(_M.RESTORING, 0)
        if not left:
            rollout.state, rollout.finished_at = RolloutState.ROLLED_BACK.value, now
            log.info("rollout_rolled_back", rollout=rollout.rollout_id)


def deadline(rollout: Rollout, kiosk_id: str, heard_at: datetime) -> datetime:
    """By when a kiosk that heard the offer must have said something final."""
    due = switch_time(heard_at, rollout.window_from, rollout.window_to, kiosk_id)
    return max(heard_at, due or heard_at) + timedelta(seconds=rollout.silence_s)


async def member_counts(session: AsyncSession, rollout_id: str, group: int | None = None) -> dict[MemberState, int]:
    """How many members are in each state."""
    query = (
        select(RolloutMember.state, func.count())
        .where(RolloutMember.rollout_id == rollout_id)
        .group_by(RolloutMember.state)
    )
    if group is not None:
        query = query.where(RolloutMember.group_number == group)
    return {MemberState(state): count for state, count in await session.execute(query)}


def _soaked(groups: Sequence[RolloutGroup], group: RolloutGroup, rollout: Rollout, now: datetime) -> bool:
    """The group before this one is done, and has been watched for a while."""
    if group.number == groups[0].number:
        return True
    before = groups[group.number - 2]
    return before.finished_at is not None and now >= before.finished_at + timedelta(seconds=rollout.soak_s)


async def _move(
    session: AsyncSession,
    rollout: Rollout,
    before: Sequence[MemberState],
    after: MemberState,
    now: datetime,
    *where: object,
) -> None:
    await session.execute(
        update(RolloutMember)
        .where(
            RolloutMember.rollout_id == rollout.rollout_id,
            RolloutMember.state.in_([state.value for state in before]),
            *where,  # type: ignore[arg-type]
        )
        .values(state=after.value, finished_at=now)
        .execution_options(synchronize_session=False)
    )
