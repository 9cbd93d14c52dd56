"""What a rollout writes into the kiosks' pulses: from there the heartbeat's reply takes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, Select, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.fleet.models import KioskPulse
from backend.releases.models import Release, RolloutMember
from backend.releases.states import MemberState, ReleaseKind


def _wanted(release: Release) -> Any:
    """The pulse's column for versions of this kind; None for a trial."""
    return {ReleaseKind.CONTENT: KioskPulse.content_wanted, ReleaseKind.SOFTWARE: KioskPulse.software_wanted}.get(
        ReleaseKind(release.kind)
    )


async def offer(session: AsyncSession, rollout_id: str, release: Release, states: Sequence[MemberState]) -> int:
    """From their next heartbeat on the members in these states are told; returns how many."""
    values: dict[str, Any] = {"rollout_id": rollout_id}
    if (column := _wanted(release)) is not None:
        values[column.key] = release.version
    changed = await session.execute(
        update(KioskPulse).where(KioskPulse.kiosk_id.in_(_members(rollout_id, states))).values(values)
    )
    return changed.rowcount if isinstance(changed, CursorResult) else 0


async def ask_back(session: AsyncSession, rollout_id: str, release: Release, states: Sequence[MemberState]) -> int:
    """From their next heartbeat on the members in these states are told to go back; returns how many."""
    chosen = (KioskPulse.kiosk_id.in_(_members(rollout_id, states)),)
    await _want_what_was(session, rollout_id, release, *chosen)
    changed = await session.execute(update(KioskPulse).where(*chosen).values(rollout_id=rollout_id))
    return changed.rowcount if isinstance(changed, CursorResult) else 0


async def withdraw(session: AsyncSession, rollout_id: str, release: Release, states: Sequence[MemberState]) -> None:
    """The members in these states are told no more, and keep or go back to wanting what they had."""
    mine = (KioskPulse.rollout_id == rollout_id, KioskPulse.kiosk_id.in_(_members(rollout_id, states)))
    await _want_what_was(session, rollout_id, release, *mine)
    await session.execute(update(KioskPulse).where(*mine).values(rollout_id=""))


async def settle(session: AsyncSession, rollout_id: str, states: Sequence[MemberState]) -> None:
    """The members in these states have the version: they need not be told any more."""
    await session.execute(
        update(KioskPulse)
        .where(KioskPulse.rollout_id == rollout_id, KioskPulse.kiosk_id.in_(_members(rollout_id, states)))
        .values(rollout_id="")
    )


async def _want_what_was(session: AsyncSession, rollout_id: str, release: Release, *where: ColumnElement[bool]) -> None:
    column = _wanted(release)
    if column is None:
        return
    before = (
        select(RolloutMember.previous_version)
        .where(RolloutMember.rollout_id == rollout_id, RolloutMember.kiosk_id == KioskPulse.kiosk_id)
        .scalar_subquery()
    )
    await session.execute(update(KioskPulse).where(*where, column == release.version).values({column.key: before}))


def _members(rollout_id: str, states: Sequence[MemberState]) -> Select[str]:
    return select(RolloutMember.kiosk_id).where(
        RolloutMember.rollout_id == rollout_id, RolloutMember.state.in_([state.value for state in states])
    )
