"""Calling staff: an alert of the desk that those on duty are told of at once."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.models import Alert
from backend.alerts.observe import Seen, raise_alert, subject_of
from backend.alerts.rules import Finding
from backend.assistance.models import StaffCall, StaffCallIntent
from backend.contract.service_api import CallReceipt, CallRequest
from backend.db.engine import Sessions, writing
from backend.db.locks import hold
from backend.deps import Kiosk
from backend.places import place_of

log = structlog.get_logger()

RULE = "staff-call"
_LASTS = timedelta(minutes=30)  # a call nobody ends; the rule's threshold may say less
_LATELY = timedelta(days=7)  # of answered calls that say how long it takes
_ENOUGH = 3
_SHANGHAI = ZoneInfo("Asia/Shanghai")


class CallService:
    """`tell`: there is something for the alerts' engine."""

    def __init__(
        self,
        sessions: Sessions,
        tell: Callable[[], None],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._sessions = sessions
        self._tell = tell
        self._clock = clock

    async def call(self, kiosk: Kiosk, request: CallRequest) -> CallReceipt:
        """Idempotent by intent."""
        async with writing(self._sessions) as session:
            await hold(session, "staff-call", kiosk.kiosk_id)
            found = await self._found(session, kiosk, request)
            made = found is None
            row = found or await self._new(session, kiosk, request)
            try:
                await session.commit()
            except IntegrityError:  # the same intent twice at once
                await session.rollback()
                row = await self._found(session, kiosk, request) or row
            wait = await _usual_wait(session, row, self._clock())
        if made:
            log.info("staff_called", kiosk=kiosk.kiosk_id, call=row.call_no, reason=row.reason)
            self._tell()
        return CallReceipt(call_no=row.call_no, wait_minutes=wait)

    async def _found(self, session: AsyncSession, kiosk: Kiosk, request: CallRequest) -> StaffCall | None:
        """The call of this intent, or the one that is waiting for an answer."""
        intent = await session.get(StaffCallIntent, (kiosk.kiosk_id, request.intent_id))
        if intent is not None:
            return await session.get_one(StaffCall, intent.call_no)
        waiting = await session.scalars(
            select(StaffCall)
            .where(
                StaffCall.kiosk_id == kiosk.kiosk_id,
                StaffCall.ended_at.is_(None),
                StaffCall.at > self._clock() - _LASTS,
            )
            .order_by(StaffCall.at.desc())
        )
        for row in waiting:
            if await acknowledged_at(session, row) is None:
                session.add(StaffCallIntent(kiosk_id=kiosk.kiosk_id, intent_id=request.intent_id, call_no=row.call_no))
                return row
        return None

    async def _new(self, session: AsyncSession, kiosk: Kiosk, request: CallRequest) -> StaffCall:
        now = self._clock()
        place = await place_of(session, kiosk)
        row = StaffCall(
            call_no=f"{now.astimezone(_SHANGHAI):%m%d}{secrets.randbelow(10**8):08d}",
            kiosk_id=kiosk.kiosk_id,
            site_id=place.site_id,
            region_code=place.region_code,
            reason=request.reason,
            priority=request.priority,
            at=now,
        )
        session.add(row)
        await session.flush()
        session.add(StaffCallIntent(kiosk_id=kiosk.kiosk_id, intent_id=request.intent_id, call_no=row.call_no))
        where = (_subject(row), row.region_code, now)
        await raise_alert(session, RULE, *where, kiosk_id=row.kiosk_id, reason=row.reason, priority=row.priority)
        return row


async def waiting_calls(session: AsyncSession, minutes: float, now: datetime) -> list[Seen]:
    """For the desk's watch: calls nobody has answered. Answered ones and those older than `minutes` end here."""
    found: list[Seen] = []
    for row in await session.scalars(select(StaffCall).where(StaffCall.ended_at.is_(None)).order_by(StaffCall.at)):
        answered = await acknowledged_at(session, row)
        if answered is not None or row.at < now - timedelta(minutes=minutes):
            row.answered_at, row.ended_at = answered, now
            continue
        finding = Finding(row.at, detail={"reason": row.reason, "priority": row.priority})
        found.append(Seen(RULE, _subject(row), row.kiosk_id, row.region_code, finding))
    return found


async def acknowledged_at(session: AsyncSession, row: StaffCall) -> datetime | None:
    """When somebody said that they come."""
    at: datetime | None = await session.scalar(
        select(Alert.acknowledged_at).where(Alert.rule == RULE, Alert.subject == _subject(row)).limit(1)
    )
    return at


async def _usual_wait(session: AsyncSession, row: StaffCall, now: datetime) -> int | None:
    """Minutes until staff of this place answered lately; None: too few calls to say."""
    answered = await session.execute(
        select(StaffCall.at, StaffCall.answered_at)
        .where(StaffCall.site_id == row.site_id, StaffCall.at > now - _LATELY, StaffCall.answered_at.is_not(None))
        .order_by(StaffCall.at.desc())
        .limit(10)
    )
    waits = sorted(end - begin for begin, end in answered if end is not None)
    return math.ceil(waits[len(waits) // 2] / timedelta(minutes=1)) if len(waits) >= _ENOUGH else None


def _subject(row: StaffCall) -> str:
    return subject_of(row.kiosk_id, f"call.{row.call_no}")
