"""Takes every running rollout further: who has heard, who has succeeded, who fell silent, and is the gate open?

A job under a lease; each rollout is stepped in one transaction that is fenced and touches the rollout's own tables
only, then the kiosks' pulses follow in pieces. Everything is worked out from the tables, so a desk that was away, or a
process that died half way, changes nothing but the time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, CursorResult, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db.engine import Sessions, writing
from backend.fleet.models import KioskPulse, KioskState
from backend.operations.jobs import Lease
from backend.releases.deadlines import deadline
from backend.releases.gate import Judgement, Verdict, judge
from backend.releases.models import Release, Rollout, RolloutGroup, RolloutMember
from backend.releases.offers import tell_all
from backend.releases.states import GroupState, MemberState, ReleaseKind, RolloutState
from backend.releases.steering import halt

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
        """One round over all open rollouts, and over those whose pulses do not follow yet."""
        async with self._sessions() as session:
            due = await session.execute(
                select(Rollout.rollout_id, Rollout.state).where(
                    or_(
                        Rollout.state.in_([state.value for state in RolloutState if state.open]),
                        ~Rollout.pulses_told,
                    )
                )
            )
            found = [(row[0], RolloutState(row[1])) for row in due]
        for rollout_id, state in found:
            if state.open:
                async with writing(self._sessions) as session:
                    await self._step(session, rollout_id)
                    if not await lease.still_ours(session):
                        return
                    await session.commit()
            await self._tell(rollout_id)

    async def _tell(self, rollout_id: str) -> None:
        async with self._sessions() as session:
            rollout = await session.get_one(Rollout, rollout_id)
            if rollout.pulses_told:
                return
            state = rollout.state
        written = await tell_all(self._sessions, rollout_id)
        if not written:  # else look once more: what a heartbeat held was stepped around
            async with writing(self._sessions) as session:
                await session.execute(
                    update(Rollout)
                    .where(Rollout.rollout_id == rollout_id, Rollout.state == state)
                    .values(pulses_told=True)
                )
                await session.commit()

    async def _step(self, session: AsyncSession, rollout_id: str) -> None:
        rollout = await session.get(Rollout, rollout_id, with_for_update=True)
        if rollout is None or not RolloutState(rollout.state).open:
            return
        release = await session.get_one(Release, rollout.release_id)
        now = self._clock()
        if rollout.state == RolloutState.ROLLING_BACK:
            await self._step_back(session, rollout, now)
            return
        await self._note_heard(session, rollout, release)
        await self._note_running(session, rollout, release, now)
        await self._note_silence(session, rollout, now)
        await self._step_groups(session, rollout, release, now)

    async def _note_heard(self, session: AsyncSession, rollout: Rollout, release: Release) -> None:
        """Rows that a report holds just now are left to it."""
        heard = await session.execute(
            select(RolloutMember, KioskPulse.seen_at)
            .join(KioskPulse, KioskPulse.kiosk_id == RolloutMember.kiosk_id)
            .where(
                RolloutMember.rollout_id == rollout.rollout_id,
                RolloutMember.state == _M.OFFERED.value,
                KioskPulse.seen_at > RolloutMember.offered_at,
            )
            .limit(_AT_ONCE)
            .with_for_update(of=RolloutMember, skip_locked=True)
        )
        for member, seen_at in heard:
            if seen_at is None:
                continue
            member.state, member.heard_at = _M.ATTEMPTED.value, seen_at
            member.deadline_at = deadline(rollout, release, member.kiosk_id, seen_at)
        await session.flush()

    async def _note_running(self, session: AsyncSession, rollout: Rollout, release: Release, now: datetime) -> None:
        """Those that heard the offer and whose heartbeat says that the version runs, whether or not their own report
        arrived."""
        running = _runs(release)
        if running is None:
            return
        await self._move(
            session,
            rollout,
            [_M.ATTEMPTED, _M.SILENT],
            _M.SUCCEEDED,
            now,
            RolloutMember.heard_at.is_not(None),
            RolloutMember.kiosk_id.in_(select(KioskState.kiosk_id).where(running, KioskState.online)),
        )

    async def _note_silence(self, session: AsyncSession, rollout: Rollout, now: datetime) -> None:
        await self._move(session, rollout, [_M.ATTEMPTED], _M.SILENT, now, RolloutMember.deadline_at < now)
        unheard = await session.execute(
            select(RolloutMember, KioskPulse.seen_at)
            .join(KioskPulse, KioskPulse.kiosk_id == RolloutMember.kiosk_id)
            .where(
                RolloutMember.rollout_id == rollout.rollout_id,
                RolloutMember.state == _M.OFFERED.value,
                RolloutMember.offered_at < now - timedelta(seconds=rollout.reach_s),
            )
            .limit(_AT_ONCE)
            .with_for_update(of=RolloutMember, skip_locked=True)
        )
        for member, seen_at in unheard:
            # It may have taken the order with the one heartbeat it sent right then, and died of it. The others keep
            # their offer: they take the version when they are back.
            written = (member.offered_at or now) - _HEARD_AFTER
            spoke = seen_at is not None and seen_at > written
            member.state, member.finished_at = (_M.SILENT if spoke else _M.UNREACHED).value, now
            rollout.pulses_told = False
        await session.flush()

    async def _step_groups(self, session: AsyncSession, rollout: Rollout, release: Release, now: datetime) -> None:
        groups = list(
            await session.scalars(
                select(RolloutGroup)
                .where(RolloutGroup.rollout_id == rollout.rollout_id)
                .order_by(RolloutGroup.number)
                .with_for_update()
            )
        )
        for number, group in enumerate(groups):
            if group.state == GroupState.DONE:
                continue
            if number and not await self._soaked(session, rollout, groups[number - 1], release, now):
                return
            if group.state == GroupState.RUNNING:
                await self._judge(session, rollout, group, now)
            if rollout.state == RolloutState.RUNNING and group.state in (GroupState.WAITING, GroupState.RUNNING):
                await self._offer(session, rollout, group, now)
            return
        if await self._soaked(session, rollout, groups[-1], release, now):
            rollout.state, rollout.finished_at, rollout.pulses_told = RolloutState.DONE.value, now, False
            log.info("rollout_done", rollout=rollout.rollout_id)

    async def _offer(self, session: AsyncSession, rollout: Rollout, group: RolloutGroup, now: datetime) -> None:
        """Begin the group, or go on with those whose offer a pause took back."""
        offered = await self._move(
            session,
            rollout,
            [_M.WAITING],
            _M.OFFERED,
            None,
            RolloutMember.group_number == group.number,
            offered_at=now + _HEARD_AFTER,
        )
        if group.state == GroupState.WAITING:
            group.state, group.started_at = GroupState.RUNNING.value, now
            log.info("rollout_group_begun", rollout=rollout.rollout_id, group=group.number, kiosks=offered)

    async def _judge(self, session: AsyncSession, rollout: Rollout, group: RolloutGroup, now: datetime) -> None:
        counts = await member_counts(session, rollout.rollout_id, group.number)
        judgement = judge(counts, max_error_share=rollout.max_error_share, min_sample=rollout.min_sample)
        if judgement.verdict is Verdict.WAIT:
            return
        group.finished_at, group.report = now, _report(judgement, counts)
        if judgement.verdict is Verdict.PASS:
            group.state = GroupState.DONE.value
            log.info("rollout_group_done", rollout=rollout.rollout_id, group=group.number, reason=judgement.reason)
            return
        await halt(session, rollout, f"{group.name}: {judgement.reason}", "system", now)

    async def _soaked(
        self, session: AsyncSession, rollout: Rollout, group: RolloutGroup, release: Release, now: datetime
    ) -> bool:
        """The group has been watched for a while, and its kiosks are still there with the new version; a group that
        did not bear it halts the rollout."""
        if group.report.get("soaked"):
            return True
        if group.finished_at is None or now < group.finished_at + timedelta(seconds=rollout.soak_s):
            return False
        counts = await member_counts(session, rollout.rollout_id, group.number)
        lost = await self._lost(session, rollout, group, release)
        counts[_M.SUCCEEDED] = counts.get(_M.SUCCEEDED, 0) - lost
        counts[_M.SILENT] = counts.get(_M.SILENT, 0) + lost
        judgement = judge(counts, max_error_share=rollout.max_error_share, min_sample=rollout.min_sample)
        if judgement.verdict is not Verdict.HALT:
            group.report = group.report | {"soaked": True, "lost": lost}
            return True
        reason = f"{lost} of those that succeeded were lost while watched; {judgement.reason}"
        group.state, group.report = GroupState.HALTED.value, _report(judgement, counts) | {"reason": reason}
        await halt(session, rollout, f"{group.name}: {reason}", "system", now)
        return False

    async def _lost(self, session: AsyncSession, rollout: Rollout, group: RolloutGroup, release: Release) -> int:
        """Those that said they run the new version, and are silent now or run another one."""
        running = _runs(release)
        gone = ~KioskState.online if running is None else or_(~KioskState.online, ~running)
        lost = await session.scalar(
            select(func.count())
            .select_from(RolloutMember)
            .join(KioskState, KioskState.kiosk_id == RolloutMember.kiosk_id)
            .where(
                RolloutMember.rollout_id == rollout.rollout_id,
                RolloutMember.group_number == group.number,
                RolloutMember.state == _M.SUCCEEDED.value,
                gone,
            )
        )
        return lost or 0

    async def _step_back(self, session: AsyncSession, rollout: Rollout, now: datetime) -> None:
        """Only a kiosk's own word counts: what its heartbeat says may be from before it was told."""
        await self._move(session, rollout, [_M.RESTORING], _M.STUCK, now, RolloutMember.deadline_at < now)
        if not (await member_counts(session, rollout.rollout_id)).get(_M.RESTORING, 0):
            rollout.state, rollout.finished_at = RolloutState.ROLLED_BACK.value, now
            log.info("rollout_rolled_back", rollout=rollout.rollout_id)

    async def _move(
        self,
        session: AsyncSession,
        rollout: Rollout,
        before: Sequence[MemberState],
        after: MemberState,
        finished_at: datetime | None,
        *where: ColumnElement[bool],
        **values: datetime,
    ) -> int:
        moved = await session.execute(
            update(RolloutMember)
            .where(
                RolloutMember.rollout_id == rollout.rollout_id,
                RolloutMember.state.in_([state.value for state in before]),
                *where,
            )
            .values(state=after.value, finished_at=finished_at, **values)
            .execution_options(synchronize_session=False)
        )
        count = moved.rowcount if isinstance(moved, CursorResult) else 0
        if count:
            rollout.pulses_told = False
        return count


def _runs(release: Release) -> ColumnElement[bool] | None:
    """A state that says this version runs; None for a trial, of which heartbeats say nothing."""
    if release.kind == ReleaseKind.TRIAL:
        return None
    return (KioskState.content if release.kind == ReleaseKind.CONTENT else KioskState.software) == release.version


def _report(judgement: Judgement, counts: dict[MemberState, int]) -> dict[str, object]:
    return {
        "verdict": judgement.verdict.value,
        "reason": judgement.reason,
        "attempted": judgement.attempted,
        "errors": judgement.errors,
        "states": {state.value: count for state, count in counts.items()},
    }


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
