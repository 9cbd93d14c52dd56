"""Sends what the outbox holds: at least once, in order for each receiver of an alert, by any number of workers.

A worker takes messages under a lease (rows others have locked are skipped), commits, sends, and writes what became of
it. One that dies in between leaves the lease to end; then another sends again, with the same id.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import and_, exists, or_, select, update
from sqlalchemy.orm import aliased

from backend.alerts.channels.base import Channel, Failure, Outgoing
from backend.alerts.models import AlertMessage, MessageState
from backend.alerts.settings import AlertsSettings
from backend.db.engine import Sessions, writing
from backend.logging import where
from backend.operations.jobs import Lease

log = structlog.get_logger()

_BATCH = 40
_SIDE_BY_SIDE = 8  # of one channel
_FIRST_PAUSE_S = 5
_LONGEST_PAUSE_S = 1800
_ROUNDS = 50  # of one job's run


def pause_after(attempts: int) -> timedelta:
    """5 s, 10 s, 20 s … 30 min."""
    return timedelta(seconds=min(_FIRST_PAUSE_S * 2 ** min(attempts - 1, 20), _LONGEST_PAUSE_S))


class Outbox:
    """One worker's hand. `channels`: those that are configured; messages for others are given up."""

    def __init__(
        self,
        sessions: Sessions,
        channels: Mapping[str, Channel],
        settings: AlertsSettings,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._sessions = sessions
        self._channels = channels
        self._settings = settings
        self._clock = clock
        # Longer than the slowest batch can take.
        self._lease = timedelta(seconds=settings.channel_timeout_s * (_BATCH / _SIDE_BY_SIDE + 1) + 10)

    async def run(self, lease: Lease | None = None) -> None:
        """Send all that is due, every channel at its own speed."""
        async with asyncio.TaskGroup() as group:
            for channel in ("email", "webhook", "sms"):
                group.create_task(self._drain(channel))

    async def _drain(self, channel: str) -> None:
        for _ in range(_ROUNDS):
            if not await self.send_some(channel):
                return

    async def send_some(self, channel: str) -> int:
        """Take a batch of one channel and send it; how many there were."""
        token = secrets.token_hex(8)
        taken = await self._take(channel, token)
        places = asyncio.Semaphore(_SIDE_BY_SIDE)

        async def one(message: AlertMessage) -> None:
            async with places:
                await self._settle(message, token, await self._send(message))

        async with asyncio.TaskGroup() as group:
            for message in taken:
                group.create_task(one(message))
        return len(taken)

    async def _take(self, channel: str, token: str) -> list[AlertMessage]:
        now = self._clock()
        earlier = aliased(AlertMessage)
        in_turn = ~exists().where(
            earlier.alert_id == AlertMessage.alert_id,
            earlier.channel == AlertMessage.channel,
            earlier.address == AlertMessage.address,
            earlier.number < AlertMessage.number,
            earlier.state == MessageState.WAITING.value,
        )
        async with writing(self._sessions) as session:
            messages = list(
                await session.scalars(
                    select(AlertMessage)
                    .where(
                        AlertMessage.state == MessageState.WAITING.value,
                        AlertMessage.channel == channel,
                        AlertMessage.next_at <= now,
                        or_(AlertMessage.lease_until.is_(None), AlertMessage.lease_until <= now),
                        in_turn,
                    )
                    .order_by(AlertMessage.next_at)
                    .limit(_BATCH)
                    .with_for_update(skip_locked=True, of=AlertMessage)
                )
            )
            for message in messages:
                message.lease, message.lease_until = token, now + self._lease
                message.attempts += 1
            await session.commit()
        return messages

    async def _send(self, message: AlertMessage) -> Failure | None:
        channel = self._channels.get(message.channel)
        if channel is None:
            return Failure("not-configured", final=True)
        outgoing = Outgoing(message.message_id, message.address, message.title, message.text, message.facts)
        try:
            async with asyncio.timeout(self._settings.channel_timeout_s):
                return await channel.send(outgoing)
        except TimeoutError:
            return Failure("timeout")
        except Exception as error:  # noqa: BLE001 - one message must not hold up the others
            log.error("message_failed", channel=message.channel, error=type(error).__name__, where=where(error))
            return Failure(type(error).__name__)

    async def _settle(self, message: AlertMessage, token: str, failure: Failure | None) -> None:
        now = self._clock()
        state, next_at, sent_at, error = MessageState.SENT, message.next_at, now, ""
        if failure is not None:
            given_up = failure.final or message.attempts >= self._settings.outbox_attempts
            state = MessageState.GIVEN_UP if given_up else MessageState.WAITING
            next_at, error = now + pause_after(message.attempts), failure.code[:80]
            log.warning("message_not_sent", channel=message.channel, error=error, attempts=message.attempts)
        async with writing(self._sessions) as session:
            # Whoever's lease has ended has nothing to say any more.
            await session.execute(
                update(AlertMessage)
                .where(and_(AlertMessage.number == message.number, AlertMessage.lease == token))
                .values(
                    state=state.value,
                    next_at=next_at,
                    sent_at=sent_at if failure is None else None,
                    error=error,
                    lease=None,
                    lease_until=None,
                )
                .execution_options(synchronize_session=False)
            )
            await session.commit()
