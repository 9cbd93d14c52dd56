"""What a rollout writes into the kiosks' pulses: from there the heartbeat's reply takes it.

Pulses follow the members' states, a little later: a province's pulses are written in small ordered pieces, each in a
transaction of its own that steps around the rows heartbeats hold. Until then `orders.py` answers by the rollout's
state, so that a halt is heard at once.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, case, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db.engine import Sessions, writing
from backend.fleet.models import KioskPulse
from backend.releases.models import Release, Rollout, RolloutMember
from backend.releases.states import MemberState, ReleaseKind, RolloutState

_PIECE = 500  # pulses of one transaction: held for some milliseconds
_M = MemberState
# Who is told, by the rollout's state
_FORWARD = (_M.OFFERED, _M.ATTEMPTED, _M.UNREACHED)
_BACK = (_M.RESTORING, _M.STUCK)
# Who should run the new version, and who the one before
_NEW = (_M.OFFERED, _M.ATTEMPTED, _M.UNREACHED, _M.SUCCEEDED)
_OLD = (_M.FAILED, _M.SILENT, _M.WITHDRAWN, _M.RESTORING, _M.RESTORED, _M.STUCK)


def told_states(state: RolloutState) -> tuple[MemberState, ...]:
    """The members whose heartbeats are answered with an order."""
    if state in (RolloutState.ROLLING_BACK, RolloutState.ROLLED_BACK):
        return _BACK
    return _FORWARD if state in (RolloutState.RUNNING, RolloutState.PAUSED, RolloutState.DONE) else ()


async def tell(session: AsyncSession, rollout: Rollout, release: Release, kiosk_id: str) -> None:
    """Bring one member's pulse in line with its state; flush the member first."""
    await _write(session, rollout, release, [kiosk_id])


async def tell_all(sessions: Sessions, rollout_id: str) -> int:
    """Bring all pulses of a rollout in line, piece by piece; how many were written. What a heartbeat holds just now is
    left for the next time."""
    written = 0
    while True:
        async with writing(sessions) as session:
            rollout = await session.get_one(Rollout, rollout_id)
            release = await session.get_one(Release, rollout.release_id)
            piece = list(
                await session.scalars(
                    select(KioskPulse.kiosk_id)
                    .join(RolloutMember, RolloutMember.kiosk_id == KioskPulse.kiosk_id)
                    .where(RolloutMember.rollout_id == rollout_id, _differs(rollout, release))
                    .order_by(KioskPulse.kiosk_id)
                    .limit(_PIECE)
                    .with_for_update(of=KioskPulse, skip_locked=True)
                )
            )
            if not piece:
                return written
            await _write(session, rollout, release, piece)
            await session.commit()
            written += len(piece)


def _column(release: Release) -> Any:
    """The pulse's column for versions of this kind; None for a trial."""
    return {ReleaseKind.CONTENT: KioskPulse.content_wanted, ReleaseKind.SOFTWARE: KioskPulse.software_wanted}.get(
        ReleaseKind(release.kind)
    )


def _member_in(*states: MemberState) -> ColumnElement[bool]:
    return RolloutMember.state.in_([state.value for state in states])


def _differs(rollout: Rollout, release: Release) -> ColumnElement[bool]:
    """A member's pulse that does not say what it should."""
    mine = KioskPulse.rollout_id == rollout.rollout_id
    told = _member_in(*told_states(RolloutState(rollout.state)))
    parts: list[ColumnElement[bool]] = [and_(mine, ~told)]
    if RolloutState(rollout.state).open:  # one that is over keeps whom it has, and takes nobody from another
        parts.append(and_(~mine, told))
    if (column := _column(release)) is not None:
        parts.append(and_(_member_in(*_NEW), _may_want(rollout), column != release.version))
        parts.append(and_(_member_in(*_OLD), column == release.version, column != RolloutMember.previous_version))
    return or_(*parts)


def _may_want(rollout: Rollout) -> ColumnElement[bool]:
    """A kiosk that belongs to a later rollout wants what that one says."""
    return KioskPulse.rollout_id.in_(("", rollout.rollout_id)) if not RolloutState(rollout.state).open else _always()


def _always() -> ColumnElement[bool]:
    return KioskPulse.kiosk_id.is_not(None)


async def _write(session: AsyncSession, rollout: Rollout, release: Release, kiosks: list[str]) -> None:
    """The pulses of these members, as their states say. They are locked, or so few that it does not matter."""
    state = RolloutState(rollout.state)
    member = (RolloutMember.rollout_id == rollout.rollout_id, RolloutMember.kiosk_id == KioskPulse.kiosk_id)
    told = select(RolloutMember.kiosk_id).where(*member, _member_in(*told_states(state))).exists()
    chosen = KioskPulse.kiosk_id.in_(kiosks)
    mine = KioskPulse.rollout_id == rollout.rollout_id
    if (column := _column(release)) is not None:
        new = select(RolloutMember.kiosk_id).where(*member, _member_in(*_NEW)).exists()
        old = select(RolloutMember.kiosk_id).where(*member, _member_in(*_OLD)).exists()
        before = select(RolloutMember.previous_version).where(*member).scalar_subquery()
        wanted = case(
            (and_(new, _may_want(rollout)), release.version),
            (and_(old, column == release.version), before),
            else_=column,
        )
        await session.execute(_pulses(chosen).values({column.key: wanted}))
    await session.execute(_pulses(chosen, mine, ~told).values(rollout_id=""))
    if state.open:
        await session.execute(_pulses(chosen, told).values(rollout_id=rollout.rollout_id))


def _pulses(*where: ColumnElement[bool]) -> Any:
    return update(KioskPulse).where(*where).execution_options(synchronize_session=False)
