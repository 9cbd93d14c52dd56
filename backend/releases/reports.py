"""What kiosks say of a rollout."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from backend.contract.fleet_api import RolloutReport
from backend.fleet.events import EventKind, Severity, event
from backend.releases.models import Release, Rollout, RolloutMember
from backend.releases.offers import settle, withdraw
from backend.releases.states import MemberState
from backend.releases.stepper import deadline

_M = MemberState
# Whoever was given up may still come home.
_MAY_SUCCEED = (_M.OFFERED, _M.ATTEMPTED, _M.SILENT, _M.UNREACHED, _M.WITHDRAWN)
_MAY_FAIL = (_M.OFFERED, _M.ATTEMPTED, _M.SILENT, _M.UNREACHED)


async def take_report(
    session: AsyncSession, rollout_id: str, kiosk_id: str, report: RolloutReport, at: datetime
) -> bool:
    """Book a member's word; False if this kiosk is no member. A repetition changes nothing. The caller commits."""
    member = await session.get(RolloutMember, (rollout_id, kiosk_id), with_for_update=True)
    if member is None:
        return False
    rollout = await session.get_one(Rollout, rollout_id)
    release = await session.get_one(Release, rollout.release_id)
    before = MemberState(member.state)
    member.stage, member.detail = report.stage, report.detail[:300]
    if member.heard_at is None:
        member.heard_at, member.deadline_at = at, deadline(rollout, kiosk_id, at)
    if before is _M.OFFERED:
        member.state = _M.ATTEMPTED.value
    after = _judge(before, report, release)
    if after is not None and after is not before:
        member.state, member.finished_at = after.value, at
        await session.flush()
        if after is _M.FAILED:
            await withdraw(session, rollout_id, release, [_M.FAILED])
        else:
            await settle(session, rollout_id, [after])
        severity = Severity.ERROR if after in (_M.FAILED, _M.STUCK) else Severity.INFO
        session.add(
            event(
                kiosk_id,
                member.region_code,
                EventKind.ROLLOUT,
                at,
                severity,
                rollout=rollout_id,
                version=release.version,
                state=after.value,
                detail=member.detail,
            )
        )
    return True


def _judge(before: MemberState, report: RolloutReport, release: Release) -> MemberState | None:
    if before in (_M.RESTORING, _M.STUCK):
        if report.stage == "running" and report.version != release.version:
            return _M.RESTORED
        return _M.STUCK if report.stage == "failed" else None
    if report.stage == "running" and report.version == release.version and before in _MAY_SUCCEED:
        return _M.SUCCEEDED
    return _M.FAILED if report.stage == "failed" and before in _MAY_FAIL else None
