"""The states of a rollout, its groups and its members."""

from __future__ import annotations

from enum import StrEnum


class ReleaseKind(StrEnum):
    CONTENT = "content"
    SOFTWARE = "software"
    TRIAL = "trial"  # a stand-in that changes nothing: to try the machinery


class RolloutState(StrEnum):
    DRAFT = "draft"
    AWAITING = "awaiting-approval"
    RUNNING = "running"
    PAUSED = "paused"  # nobody new is told; whoever has heard goes on
    HALTED = "halted"  # by the gate or by a person; what was offered is taken back
    DONE = "done"
    ROLLING_BACK = "rolling-back"
    ROLLED_BACK = "rolled-back"
    CANCELLED = "cancelled"  # before it began

    @property
    def open(self) -> bool:
        """Whether it holds its kiosks: no other rollout may have them."""
        return self in (RolloutState.RUNNING, RolloutState.PAUSED, RolloutState.ROLLING_BACK)


class GroupState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    HALTED = "halted"


class MemberState(StrEnum):
    WAITING = "waiting"  # its turn has not come, or was taken back by a pause
    OFFERED = "offered"  # not heard since: not attempted
    ATTEMPTED = "attempted"  # has heard the offer
    SUCCEEDED = "succeeded"  # runs the new version and has said so
    FAILED = "failed"  # has said that it could not
    SILENT = "silent"  # heard the offer and said nothing by its deadline
    UNREACHED = "unreached"  # was not heard at all while its group ran; still takes the version when it returns
    WITHDRAWN = "withdrawn"  # the rollout halted first
    RESTORING = "restoring"
    RESTORED = "restored"
    STUCK = "stuck"  # was to be restored and said nothing by its deadline, or could not


ERRORS = (MemberState.FAILED, MemberState.SILENT)
JUDGED = (MemberState.SUCCEEDED, *ERRORS)
UNFINISHED = (MemberState.WAITING, MemberState.OFFERED, MemberState.ATTEMPTED)
