"""What kiosks say of a rollout."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from backend.contract.fleet_api import RolloutReport
from backend.fleet.events import EventKind, Severity, event
from backend.releases.deadlines import deadline, moved
from backend.releases.models import Release, Rollout, RolloutMember
from backend.releases.offers import tell
from backend.releases.states import MemberState, RolloutState

_M = MemberState
# Whoever was given up, or was no longer to be told, may still come home with the new version or without.
_OPEN = (_M.WAITING, _M.OFFERED, _M.ATTEMPTED, _M.SILENT, _M.UNREACHED, _M.WITHDRAWN)
_BACKWARD = (RolloutState.ROLLING_BACK, RolloutState.ROLLED_BACK)


async def take_report(
    session: AsyncSession, rollout_id: str, kiosk_id: str, report: RolloutReport, at: datetime
) -> bool:
    """Book a member's word; False if this kiosk is no member. A repetition changes nothing. The caller commits.

    The member's row is locked first and its pulse after it, as everywhere in this package."""
    member = await session.get(RolloutMember, (rollout_id, kiosk_id), with_for_update=True, populate_existing=True)
    if member is None or member.offered_at is None:
        return False
    rollout = await session.get_one(Rollout, rollout_id)
    release = await session.get_one(Release, rollout.release_id)
    # Told again, often without the words it was told with first.
    kept = member.detail if report.stage == member.stage else ""
    member.stage, member.detail = report.stage, report.detail[:300] or kept
    fresh = deadline(rollout, release, kiosk_id, at)
    if member.heard_at is None:
        member.heard_at, member.deadline_at = at, fresh
    elif member.state == _M.ATTEMPTED and member.deadline_at is not None:
        member.deadline_at = moved(member.deadline_at, member.heard_at, fresh)
    before = MemberState(member.state)
    after = _judge(before, report, release, RolloutState(rollout.state))
    if after is before:
        return True
    member.state = after.value
    member.finished_at = at if after not in (_M.ATTEMPTED, _M.RESTORING) else None
    await session.flush()
    await tell(session, rollout, release, kiosk_id)
    if after is not _M.ATTEMPTED:
        severity = Severity.ERROR if after in (_M.FAILED, _M.STUCK) else Severity.INFO
        detail = {"rollout": rollout_id, "version": release.version, "state": after.value, "detail": member.detail}
        session.add(event(kiosk_id, member.region_code, EventKind.ROLLOUT, at, severity, **detail))
    return True


def _judge(before: MemberState, report: RolloutReport, release: Release, rollout: RolloutState) -> MemberState:
    new_runs = report.stage == "running" and report.version == release.version
    if rollout in _BACKWARD:
        if new_runs:  # finished what it had begun: it has to go back as well
            return _M.RESTORING
        if before in (_M.RESTORING, _M.STUCK):
            if report.stage == "running":
                return _M.RESTORED
            return _M.STUCK if report.stage == "failed" else before
        return before
    if before not in _OPEN:
        return before
    if new_runs:
        return _M.SUCCEEDED
    if report.stage == "failed" and before is not _M.WITHDRAWN:
        return _M.FAILED
    return _M.ATTEMPTED if before in (_M.WAITING, _M.OFFERED, _M.UNREACHED) else before
