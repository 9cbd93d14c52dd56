"""Tells the kiosks of a revision: their pulses want it, and the heartbeats' replies say so.

In ordered pieces, each in a transaction of its own that steps around the rows heartbeats hold: a province's settings
must not make a province's heartbeats wait."""

from __future__ import annotations

from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db.engine import Sessions, writing
from backend.fleet.desired.hierarchy import Place
from backend.fleet.desired.models import SettingRevision
from backend.fleet.desired.service import concerned
from backend.fleet.models import Kiosk, KioskPulse
from backend.operations.jobs import Lease

_PIECE = 500


class Telling:
    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def run(self, _lease: Lease) -> None:
        """Bring the pulses in line with every revision that is not told yet. Telling twice does no harm."""
        async with self._sessions() as session:
            untold = list(
                await session.scalars(
                    select(SettingRevision).where(~SettingRevision.told).order_by(SettingRevision.revision)
                )
            )
        for revision in untold:
            places = sorted({(change["scope"], change["scope_id"]) for change in revision.changes})
            # What a heartbeat holds just now is stepped around and found by the next round.
            while await self._piece(revision.revision, places):
                pass
            async with writing(self._sessions) as session:
                if not await session.scalar(self._behind(revision.revision, places).limit(1)):
                    await session.execute(
                        update(SettingRevision).where(SettingRevision.revision == revision.revision).values(told=True)
                    )
                await session.commit()

    def _behind(self, revision: int, places: list[Place]) -> Select[str]:
        return (
            select(KioskPulse.kiosk_id)
            .join(Kiosk, Kiosk.kiosk_id == KioskPulse.kiosk_id)
            .where(KioskPulse.settings_wanted < revision, concerned(places))
        )

    async def _piece(self, revision: int, places: list[Place]) -> int:
        async with writing(self._sessions) as session:
            piece = list(
                await session.scalars(
                    self._behind(revision, places)
                    .order_by(KioskPulse.kiosk_id)
                    .limit(_PIECE)
                    .with_for_update(of=KioskPulse, skip_locked=True)
                )
            )
            await _want(session, piece, revision)
            await session.commit()
            return len(piece)


async def _want(session: AsyncSession, kiosks: list[str], revision: int) -> None:
    if kiosks:
        await session.execute(
            update(KioskPulse)
            .where(KioskPulse.kiosk_id.in_(kiosks))
            .values(settings_wanted=revision)
            .execution_options(synchronize_session=False)
        )
