"""Heartbeats the batch statement has not taken: why not?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession

from backend.contract.fleet_api import FleetProblem, IdentityState
from backend.db.engine import Sessions, writing
from backend.fleet.heartbeat import metrics
from backend.fleet.heartbeat.answers import Refusal
from backend.fleet.heartbeat.beats import Beat
from backend.fleet.heartbeat.caller import Stranger, refuse_stranger
from backend.fleet.heartbeat.clones import MESSAGE_LIFE, Judgement, Last, Verdict, judge
from backend.fleet.heartbeat.rows import Away, Taken
from backend.fleet.identity.certificates import replaced_before
from backend.fleet.identity.endings import quarantine
from backend.fleet.identity.peer import Peer
from backend.fleet.models import Kiosk, KioskPulse

log = structlog.get_logger()

_P = KioskPulse
_SEEN_TWICE = "this identity was seen twice; the kiosk must be enrolled anew"


class DatabaseDoubts:
    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def resolve(self, beats: Sequence[Beat]) -> Sequence[Taken | Refusal | None]:
        """See Batches. Strikes and quarantines are committed before this returns."""
        try:
            async with self._sessions() as session:
                rows = await session.execute(
                    select(_P, Kiosk.identity)
                    .join(Kiosk, Kiosk.kiosk_id == _P.kiosk_id)
                    .where(_P.kiosk_id.in_([beat.kiosk_id for beat in beats]))
                )
                by_kiosk = {row.KioskPulse.kiosk_id: row for row in rows}
            return [await self._one(beat, by_kiosk.get(beat.kiosk_id)) for beat in beats]
        except (DBAPIError, OSError, PoolTimeout) as error:
            raise Away(type(error).__name__) from None

    async def _one(self, beat: Beat, row: Any | None) -> Taken | Refusal | None:
        peer = Peer(beat.kiosk_id, beat.serial)
        try:
            refuse_stranger(peer, row and _Standing(row))
        except Stranger as stranger:
            if row is not None and row.identity == IdentityState.ENROLLED and await self._came_back(peer, beat):
                return Refusal(FleetProblem.QUARANTINED, _SEEN_TWICE)
            return stranger
        assert row is not None  # noqa: S101 - a stranger otherwise
        pulse = row.KioskPulse
        judgement = judge(_last(pulse), beat.seq, beat.boot, beat.arrived)
        if judgement.verdict is Verdict.NEXT:
            return None
        if judgement.verdict is Verdict.RETRY:
            return Taken(
                pulse.kiosk_id,
                pulse.digest,
                pulse.previous_boot,
                False,
                pulse.serials,
                pulse.interval_s,
                pulse.commands_waiting,
                pulse.settings_wanted,
                pulse.content_wanted,
                pulse.software_wanted,
                pulse.rollout_id,
            )
        if judgement.verdict in (Verdict.STRIKE, Verdict.CLONE):
            return await self._suspect(beat)
        return _overtaken(pulse.seq)

    async def _suspect(self, beat: Beat) -> Refusal:
        """Judge once more with the pulse locked: another process may have seen more."""
        async with writing(self._sessions) as session:
            pulse = await _locked(session, beat.kiosk_id)
            judgement = judge(_last(pulse), beat.seq, beat.boot, beat.arrived) if pulse else Judgement(Verdict.LATE)
            if judgement.verdict is Verdict.STRIKE:
                await session.execute(
                    update(_P)
                    .where(_P.kiosk_id == beat.kiosk_id)
                    .values(strikes=judgement.strikes, strike=judgement.strike, strike_at=judgement.strike_at)
                )
                await session.commit()
            elif judgement.verdict is Verdict.CLONE:
                # The kiosk is locked before its pulse elsewhere: let go of the pulse first.
                await session.rollback()
        if judgement.verdict is not Verdict.CLONE:
            return _overtaken(pulse.seq if pulse else None)
        async with writing(self._sessions) as session:
            await self._quarantine(session, beat, judgement.why)
        return Refusal(FleetProblem.QUARANTINED, _SEEN_TWICE)

    async def _came_back(self, peer: Peer, beat: Beat) -> bool:
        """Was the certificate replaced before this heartbeat can have been sent? Then two hold the identity."""
        sent_after = beat.arrived - MESSAGE_LIFE
        async with self._sessions() as session:  # most strangers need no lock
            if not await replaced_before(session, peer, sent_after):
                return False
        async with writing(self._sessions) as session:
            await session.get(Kiosk, peer.kiosk_id, with_for_update=True)
            if not await replaced_before(session, peer, sent_after):  # enrolled anew meanwhile
                return False
            await self._quarantine(session, beat, "a replaced certificate is still used", replaced=peer.serial)
        return True

    async def _quarantine(self, session: AsyncSession, beat: Beat, why: str, *, replaced: str = "") -> None:
        if await quarantine(session, beat.kiosk_id, why, beat.arrived, replaced=replaced):
            metrics.CLONE.inc()
            log.warning("kiosk_quarantined", kiosk=beat.kiosk_id, why=why)
        await session.commit()


def _overtaken(last_seq: int | None) -> Refusal:
    return Refusal(FleetProblem.SEQUENCE, "a later heartbeat was taken already", last_seq=last_seq)


class _Standing:
    """What `refuse_stranger` looks at."""

    def __init__(self, row: Any) -> None:
        self.accepts = row.KioskPulse.accepts
        self.serials = row.KioskPulse.serials
        self.identity = row.identity


async def _locked(session: AsyncSession, kiosk_id: str) -> KioskPulse | None:
    return await session.get(KioskPulse, kiosk_id, with_for_update=True, populate_existing=True)


def _last(pulse: KioskPulse) -> Last:
    return Last(pulse.seq, pulse.boot, pulse.previous_boot, pulse.boot_at, pulse.strikes, pulse.strike, pulse.strike_at)
