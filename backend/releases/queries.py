"""What pages and JSON show of rollouts."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.releases.models import Release, Rollout, RolloutGroup, RolloutMember
from backend.releases.states import ERRORS, JUDGED, GroupState, MemberState, RolloutState
from backend.staff.access import within
from backend.staff.roles import Permission, Staff

_BACK = (MemberState.RESTORING, MemberState.RESTORED, MemberState.STUCK)
_TROUBLED = (MemberState.FAILED, MemberState.SILENT, MemberState.STUCK, MemberState.UNREACHED)


@dataclass(frozen=True)
class GroupView:
    number: int
    name: str
    size: int
    state: GroupState
    counts: dict[MemberState, int]
    reason: str
    judged: tuple[int, int] | None = None  # attempted, errors, when the gate decided

    def of(self, *states: MemberState) -> int:
        return sum(self.counts.get(state, 0) for state in states)

    @property
    def attempted(self) -> int:
        """As the gate saw it; whoever is on the way back had been attempted."""
        return self.judged[0] if self.judged else self.of(*JUDGED, *_BACK)

    @property
    def errors(self) -> int:
        return self.judged[1] if self.judged else self.of(*ERRORS)

    @property
    def bars(self) -> list[tuple[str, int, float, float]]:
        """(class, count, start, width) in percent, for the bar of the page."""
        parts = [
            ("good", self.of(MemberState.SUCCEEDED, MemberState.RESTORED)),
            ("bad", self.of(*ERRORS, MemberState.STUCK)),
            ("busy", self.of(MemberState.ATTEMPTED, MemberState.RESTORING)),
            ("told", self.of(MemberState.OFFERED)),
            ("away", self.of(MemberState.UNREACHED, MemberState.WITHDRAWN)),
        ]
        bars, start = [], 0.0
        for name, count in parts:
            width = 100 * count / self.size if self.size else 0.0
            bars.append((name, count, round(start, 2), round(width, 2)))
            start += width
        return bars


@dataclass(frozen=True)
class RolloutView:
    rollout: Rollout
    release: Release
    state: RolloutState
    groups: list[GroupView]
    reason: str

    @property
    def size(self) -> int:
        return sum(group.size for group in self.groups)

    def of(self, *states: MemberState) -> int:
        return sum(group.of(*states) for group in self.groups)


async def visible_rollouts(session: AsyncSession, staff: Staff, limit: int = 100) -> list[RolloutView]:
    """The newest that concern a region of this person, or lie above one."""
    rows = await session.execute(
        select(Rollout, Release)
        .join(Release, Release.release_id == Rollout.release_id)
        .where(_concerns(staff))
        .order_by(Rollout.created_at.desc())
        .limit(limit)
    )
    return [await _view(session, rollout, release, staff) for rollout, release in rows]


async def rollout_view(session: AsyncSession, staff: Staff, rollout_id: str) -> RolloutView | None:
    """None if there is none, or none that this person may see."""
    row = (
        await session.execute(
            select(Rollout, Release)
            .join(Release, Release.release_id == Rollout.release_id)
            .where(Rollout.rollout_id == rollout_id, _concerns(staff))
        )
    ).first()
    return await _view(session, row[0], row[1], staff) if row is not None else None


async def troubled_members(
    session: AsyncSession, staff: Staff, rollout_id: str, limit: int = 200
) -> list[RolloutMember]:
    """Those that did not make it, in the person's own regions."""
    found = await session.scalars(
        select(RolloutMember)
        .where(
            RolloutMember.rollout_id == rollout_id,
            RolloutMember.state.in_([state.value for state in _TROUBLED]),
            _members_in_sight(staff),
        )
        .order_by(RolloutMember.finished_at.desc())
        .limit(limit)
    )
    return list(found)


async def reasons(session: AsyncSession, staff: Staff, rollout_id: str) -> list[tuple[str, int]]:
    """Why members failed, in their own words or "silent"; the commonest first."""
    silent = (RolloutMember.state != MemberState.FAILED.value) & (RolloutMember.stage != "failed")
    why = case((silent, "silent"), else_=RolloutMember.detail).label("why")
    found = await session.execute(
        select(why, func.count())
        .where(
            RolloutMember.rollout_id == rollout_id,
            RolloutMember.state.in_([MemberState.FAILED.value, MemberState.SILENT.value, MemberState.STUCK.value]),
            _members_in_sight(staff),
        )
        .group_by(text("why"))
        .order_by(func.count().desc())
        .limit(20)
    )
    return [(detail, count) for detail, count in found]


async def of_kiosk(
    session: AsyncSession, kiosk_id: str, limit: int = 10
) -> list[tuple[RolloutMember, Rollout, Release]]:
    """The rollouts a kiosk was in, newest first."""
    rows = await session.execute(
        select(RolloutMember, Rollout, Release)
        .join(Rollout, Rollout.rollout_id == RolloutMember.rollout_id)
        .join(Release, Release.release_id == Rollout.release_id)
        .where(RolloutMember.kiosk_id == kiosk_id)
        .order_by(Rollout.created_at.desc())
        .limit(limit)
    )
    return [(member, rollout, release) for member, rollout, release in rows]


async def _view(session: AsyncSession, rollout: Rollout, release: Release, staff: Staff) -> RolloutView:
    counted: dict[int, dict[MemberState, int]] = {}
    for number, state, count in await session.execute(
        select(RolloutMember.group_number, RolloutMember.state, func.count())
        .where(RolloutMember.rollout_id == rollout.rollout_id, _members_in_sight(staff))
        .group_by(RolloutMember.group_number, RolloutMember.state)
    ):
        counted.setdefault(number, {})[MemberState(state)] = count
    groups = await session.scalars(
        select(RolloutGroup).where(RolloutGroup.rollout_id == rollout.rollout_id).order_by(RolloutGroup.number)
    )
    # Its reasons count members that a narrower viewer does not see.
    whole = staff.may(Permission.VIEW, rollout.region_code)
    views = [
        GroupView(
            group.number,
            group.name,
            sum(counted.get(group.number, {}).values()),
            GroupState(group.state),
            counted.get(group.number, {}),
            str(group.report.get("reason", "")) if whole else "",
            (int(group.report["attempted"]), int(group.report["errors"]))
            if whole and "attempted" in group.report
            else None,
        )
        for group in groups
    ]
    return RolloutView(rollout, release, RolloutState(rollout.state), views, rollout.reason if whole else "")


def _members_in_sight(staff: Staff) -> ColumnElement[bool]:
    return within(RolloutMember.region_code, staff, Permission.VIEW)


def _concerns(staff: Staff) -> ColumnElement[bool]:
    """It has a member in sight. Regions are prefixes: either its region lies in the person's, or the other way round
    and a member does."""
    return or_(
        within(Rollout.region_code, staff, Permission.VIEW),
        select(RolloutMember.kiosk_id)
        .where(RolloutMember.rollout_id == Rollout.rollout_id, _members_in_sight(staff))
        .exists(),
    )
