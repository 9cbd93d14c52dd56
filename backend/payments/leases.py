"""Who works on a payment. A lease only saves double work; being correct never depends on it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, or_, select, update
from sqlalchemy.engine import Result

from backend.db.engine import Sessions, writing
from backend.payments.models import PaymentRow

LEASE = timedelta(seconds=60)  # longer than one step: at most four questions to a gateway that does not answer


class Leases:
    def __init__(self, sessions: Sessions, clock: Callable[[], datetime]) -> None:
        self._sessions = sessions
        self._clock = clock

    async def take(self, intent_id: str) -> str | None:
        """A token if nobody else works on this payment now."""
        token, now = secrets.token_hex(8), self._clock()
        async with writing(self._sessions) as session:
            result = await session.execute(
                update(PaymentRow)
                .where(
                    PaymentRow.intent_id == intent_id,
                    or_(PaymentRow.lease_until.is_(None), PaymentRow.lease_until < now),
                )
                .values(lease=token, lease_until=now + LEASE)
            )
            await session.commit()
        return token if _changed(result) else None

    async def renew(self, intent_id: str, token: str) -> bool:
        """False if the lease is no longer ours."""
        async with writing(self._sessions) as session:
            result = await session.execute(
                update(PaymentRow)
                .where(PaymentRow.intent_id == intent_id, PaymentRow.lease == token)
                .values(lease_until=self._clock() + LEASE)
            )
            await session.commit()
        return _changed(result)

    async def give_back(self, intent_id: str, token: str) -> None:
        async with writing(self._sessions) as session:
            await session.execute(
                update(PaymentRow)
                .where(PaymentRow.intent_id == intent_id, PaymentRow.lease == token)
                .values(lease=None, lease_until=None)
            )
            await session.commit()

    async def forget_all(self) -> None:
        """After a restart of the only process: whoever held a lease is dead."""
        async with writing(self._sessions) as session:
            await session.execute(
                update(PaymentRow).where(PaymentRow.lease.is_not(None)).values(lease=None, lease_until=None)
            )
            await session.commit()

    async def due(self, limit: int = 20) -> list[str]:
        """Payments that should be looked at now and that nobody works on."""
        now = self._clock()
        async with self._sessions() as session:
            found = await session.scalars(
                select(PaymentRow.intent_id)
                .where(PaymentRow.next_at <= now, or_(PaymentRow.lease_until.is_(None), PaymentRow.lease_until < now))
                .order_by(PaymentRow.next_at)
                .limit(limit)
            )
            return list(found)


def _changed(result: Result[object]) -> bool:
    return isinstance(result, CursorResult) and result.rowcount == 1
