"""A person's hands on a rollout: ask for its release, pause, resume, halt, take back. The caller commits; a deed that
has been done already is done again without harm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from backend.fleet.models import KioskPulse
from backend.releases import words
from backend.releases.models import Release, Rollout, RolloutGroup, RolloutMember
from backend.releases.planning import PlanError
from backend.releases.states import UNFINISHED, GroupState, MemberState, ReleaseKind, RolloutState
from backend.staff import approvals
from backend.staff.approvals import Approval
from backend.staff.audit import record
from backend.staff.roles import Staff

RELEASE = "rollout.release"
_S, _M = RolloutState, MemberState
_OPENING_LOCK = 0x4D4B524F  # PostgreSQL advisory lock, see `_locked`
_MAY_HAVE_IT = (_M.WAITING, _M.OFFERED, _M.ATTEMPTED, _M.SILENT, _M.UNREACHED, _M.WITHDRAWN)


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
    rollout = await _locked(session, approval.arguments["rollout_id"])
    if rollout is None or rollout.state != _S.AWAITING:
        raise approvals.ApprovalError("gone", "this rollout does not wait for anybody any more")
    if held := await held_elsewhere(session, rollout):
        raise approvals.ApprovalError("busy", held.en, zh=held.zh, link=held.link)
    rollout.state, rollout.started_at = _S.RUNNING.value, approval.decided_at


async def _set_aside(session: AsyncSession, approval: Approval) -> None:
    """Refused, or nobody agreed in time: a draft again."""
    rollout = await _locked(session, approval.arguments["rollout_id"])
    if rollout is not None and rollout.state == _S.AWAITING:
        rollout.state = _S.DRAFT.value


async def _describe(session: AsyncSession, approval: Approval) -> approvals.Described | None:
    rollout = await session.get(Rollout, approval.arguments["rollout_id"])
    if rollout is None:
        return None
    release = await session.get_one(Release, rollout.release_id)
    groups = await session.scalars(
        select(RolloutGroup).where(RolloutGroup.rollout_id == rollout.rollout_id).order_by(RolloutGroup.number)
    )
    steps = [(words.group(group.name), group.size) for group in groups]
    kind, window = words.KINDS[ReleaseKind(release.kind)], words.window(rollout)
    total = sum(size for _, size in steps)
    return approvals.Described(
        (
            (("版本", "Version"), (f"{release.version}（{kind[0]}）", f"{release.version} ({kind[1]})")),
            (("文件 SHA-256", "File's SHA-256"), (release.sha256, release.sha256)),
            (("终端", "Kiosks"), (f"{total:,} 台", f"{total:,}")),
            (
                ("分批", "Groups"),
                (
                    "，".join(f"{name[0]}：{size:,} 台" for name, size in steps),
                    ", ".join(f"{name[1]}: {size:,}" for name, size in steps),
                ),
            ),
            (("时间窗", "Window"), window),
        ),
        _page_of(rollout.rollout_id),
    )


approvals.register(RELEASE, _carry_out, set_aside=_set_aside, describe=_describe)


def _page_of(rollout_id: str) -> str:
    return f"/console/rollouts/{rollout_id}"


async def _locked(session: AsyncSession, rollout_id: str) -> Rollout | None:
    """The rollout, with the right to open it: whoever asks who holds which kiosk does so one after the other."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _OPENING_LOCK})
    return await session.get(Rollout, rollout_id, with_for_update=True, populate_existing=True)


@dataclass(frozen=True)
class Held:
    """The open rollout that has most of the wanted kiosks."""

    rollout_id: str
    title: str
    kiosks: int

    @property
    def en(self) -> str:
        return f"{self.kiosks:,} of its kiosks are in another rollout that is still open, {self.title}: end that first"

    @property
    def zh(self) -> str:
        return f"其中 {self.kiosks:,} 台终端还在另一个未结束的发布“{self.title}”中，请先结束那一个。"

    @property
    def link(self) -> str:
        return _page_of(self.rollout_id)


async def held_elsewhere(session: AsyncSession, rollout: Rollout) -> Held | None:
    """Who has members of this one; None: nobody."""
    other = aliased(RolloutMember)
    found = await session.execute(
        select(Rollout.rollout_id, Rollout.title, func.count())
        .select_from(RolloutMember)
        .join(other, other.kiosk_id == RolloutMember.kiosk_id)
        .join(Rollout, Rollout.rollout_id == other.rollout_id)
        .where(
            RolloutMember.rollout_id == rollout.rollout_id,
            other.rollout_id != rollout.rollout_id,
            Rollout.state.in_([state.value for state in _S if state.open]),
        )
        .group_by(Rollout.rollout_id, Rollout.title)
        .order_by(func.count().desc())
        .limit(1)
    )
    row = found.first()
    return Held(row[0], row[1], row[2]) if row is not None else None


async def pause(session: AsyncSession, rollout: Rollout, actor: str, at: datetime) -> None:
    """Whoever has not heard the offer yet is not told any more; their turn comes again. Whoever has, goes on."""
    if rollout.state != _S.PAUSED:
        _expect(rollout, [_S.RUNNING], "paused")
        rollout.state, rollout.pulses_told = _S.PAUSED.value, False
        await _set(session, rollout, [_M.OFFERED], _M.WAITING, None)
        await _record(session, rollout, "pause", actor, at)


async def resume(session: AsyncSession, rollout: Rollout, actor: str, at: datetime) -> None:
    """The stepper tells those of the running group again."""
    if rollout.state != _S.RUNNING:
        _expect(rollout, [_S.PAUSED], "resumed")
        rollout.state = _S.RUNNING.value
        await _record(session, rollout, "resume", actor, at)


async def halt(session: AsyncSession, rollout: Rollout, reason: str, actor: str, at: datetime) -> None:
    """Stop for good. What has not been switched keeps its version; `take_back` is a deed of its own."""
    if rollout.state == _S.HALTED:
        return
    _expect(rollout, [_S.RUNNING, _S.PAUSED], "halted")
    await _set(session, rollout, [*UNFINISHED, _M.UNREACHED], _M.WITHDRAWN, at)
    await session.execute(
        update(RolloutGroup)
        .where(RolloutGroup.rollout_id == rollout.rollout_id, RolloutGroup.state == GroupState.RUNNING.value)
        .values(state=GroupState.HALTED.value, finished_at=at)
    )
    rollout.state, rollout.reason, rollout.finished_at = _S.HALTED.value, reason[:300], at
    rollout.pulses_told = False
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
    await _locked(session, rollout.rollout_id)
    if held := await held_elsewhere(session, rollout):
        raise PlanError("busy", held.en, held.zh, held.link)
    heard = select(KioskPulse.kiosk_id).where(
        KioskPulse.kiosk_id == RolloutMember.kiosk_id, KioskPulse.seen_at > RolloutMember.offered_at
    )
    told = await session.execute(
        update(RolloutMember)
        .where(
            RolloutMember.rollout_id == rollout.rollout_id,
            or_(
                RolloutMember.state == _M.SUCCEEDED.value,
                RolloutMember.state.in_([state.value for state in _MAY_HAVE_IT])
                & (RolloutMember.heard_at.is_not(None) | heard.exists()),
            ),
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
    kiosks = told.rowcount if isinstance(told, CursorResult) else 0
    rollout.state, rollout.finished_at, rollout.pulses_told = _S.ROLLING_BACK.value, None, False
    await _record(session, rollout, "take-back", actor, at, kiosks=kiosks)
    return kiosks


async def _set(
    session: AsyncSession, rollout: Rollout, before: Sequence[MemberState], after: MemberState, at: datetime | None
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
        now = words.ROLLOUT[RolloutState(rollout.state)]
        raise PlanError(
            "state",
            f"a rollout that is {rollout.state} cannot be {what}",
            f"发布现在的状态是“{now[0]}”，不能这样做，请刷新页面。",
        )


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
