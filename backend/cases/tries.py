"""Numbers that were typed and were wrong: nobody may go on guessing, neither one number nor at one terminal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import delete, func, select

from backend.cases.models import CaseTry
from backend.cases.settings import CasesSettings
from backend.contract.kiosk_api import ProblemCode
from backend.db.engine import Sessions, writing
from backend.identity.crypto import Vault
from backend.problems import Refused

log = structlog.get_logger()


class Tries:
    """`what`: of which kind the numbers are. A terminal's wrong ones count together, whatever their kind."""

    def __init__(
        self,
        sessions: Sessions,
        vault: Vault,
        settings: CasesSettings,
        what: str,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._sessions = sessions
        self._vault = vault
        self._settings = settings
        self._what = what
        self._clock = clock

    async def count(self, kiosk_id: str, typed: str) -> int:
        """Count the question before it is judged, so that parallel guesses share none; its number, for `forget`.
        Refused(TOO_MANY_TRIES)."""
        asked_for = self._vault.mac(self._what, typed).hex()
        async with writing(self._sessions) as session:
            row = CaseTry(kiosk_id=kiosk_id, asked_for=asked_for, at=self._clock())
            session.add(row)
            await session.commit()
        async with self._sessions() as session:
            recent = select(func.count()).select_from(CaseTry).where(CaseTry.at >= self._since())
            of_number = await session.scalar(recent.where(CaseTry.asked_for == asked_for)) or 0
            of_kiosk = await session.scalar(recent.where(CaseTry.kiosk_id == kiosk_id)) or 0
        if of_number > self._settings.tries_per_case or of_kiosk > self._settings.tries_per_kiosk:
            log.warning("tries_used_up", kiosk=kiosk_id, what=self._what)
            await self.forget(row.number)  # or whoever goes on asking would never be let in again
            raise Refused(ProblemCode.TOO_MANY_TRIES, "rate")
        return row.number

    async def forget(self, number: int) -> None:
        """It was right."""
        async with writing(self._sessions) as session:
            await session.execute(delete(CaseTry).where(CaseTry.number == number))
            await session.commit()

    async def purge(self) -> None:
        """Forget guesses that no longer count."""
        async with writing(self._sessions) as session:
            await session.execute(delete(CaseTry).where(CaseTry.at < self._since()))
            await session.commit()

    def _since(self) -> datetime:
        return self._clock() - timedelta(minutes=self._settings.tries_minutes)
