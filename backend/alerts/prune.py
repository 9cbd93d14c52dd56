"""Cleared alerts are kept for a while, then removed with their history and messages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, exists, not_, select

from backend.alerts.models import Alert, AlertMessage, AlertNote, AlertState
from backend.alerts.pieces import check
from backend.alerts.settings import AlertsSettings
from backend.alerts.work.models import WorkOrder, WorkState
from backend.db.engine import Sessions, writing
from backend.operations.jobs import Lease

_AT_ONCE = 1000  # of one transaction
_ROUNDS = 100  # of one run: the rest is for the next


class Pruner:
    def __init__(
        self, sessions: Sessions, settings: AlertsSettings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._sessions = sessions
        self._keep = timedelta(days=settings.keep_days)
        self._clock = clock

    async def run(self, lease: Lease | None = None) -> None:
        for _ in range(_ROUNDS):
            if await self._some(lease) < _AT_ONCE:
                return

    async def _some(self, lease: Lease | None) -> int:
        # An order that is not closed still leads back to its alert.
        wanted = exists().where(
            WorkOrder.alert_id == Alert.alert_id,
            WorkOrder.state.not_in((WorkState.CLOSED.value, WorkState.CANCELLED.value)),
        )
        async with writing(self._sessions) as session:
            await check(session, lease)
            old = list(
                await session.scalars(
                    select(Alert.alert_id)
                    .where(
                        Alert.state == AlertState.CLEARED.value,
                        Alert.cleared_at < self._clock() - self._keep,
                        not_(wanted),
                    )
                    .order_by(Alert.cleared_at)
                    .limit(_AT_ONCE)
                )
            )
            if old:
                for table in (AlertNote, AlertMessage, Alert):
                    await session.execute(delete(table).where(table.alert_id.in_(old)))
            await session.commit()
        return len(old)
