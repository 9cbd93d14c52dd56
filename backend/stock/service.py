"""Reserving, using and counting blanks. The caller commits, except in `report`."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog
from sqlalchemy import Select, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.contract.kiosk_api import DeliveryOutcome, ProblemCode
from backend.contract.service_api import ServiceProblem, StockLeft, StockUse
from backend.db.engine import Sessions, writing
from backend.problems import Refused
from backend.stock.models import BlankState, StockBlank, StockReport

log = structlog.get_logger()

_AFTER = {
    DeliveryOutcome.PRINTED: BlankState.USED,
    DeliveryOutcome.NOT_PRINTED: BlankState.FREE,
}


async def left(session: AsyncSession, kiosk_id: str, stock: str) -> int:
    """How many can still be reserved."""
    return (await counts(session, kiosk_id)).get(stock, 0)


async def counts(session: AsyncSession, kiosk_id: str) -> dict[str, int]:
    """Free blanks by stock; 0 for a stock that was loaded and is used up."""
    rows = await session.execute(
        select(StockBlank.stock, func.count().filter(StockBlank.state == BlankState.FREE.value))
        .where(StockBlank.kiosk_id == kiosk_id)
        .group_by(StockBlank.stock)
    )
    return {stock: int(free) for stock, free in rows}


async def reserve(session: AsyncSession, kiosk_id: str, stock: str, intent_id: str, certificate_id: str) -> StockBlank:
    """The next blank, for one certificate. Refused: no-stock."""
    # Two issues at one kiosk: the second takes the next sheet, it does not wait for the first one's.
    blank = await session.scalar(_next(kiosk_id, stock).with_for_update(skip_locked=True))
    if blank is None:
        raise Refused(ServiceProblem.NO_STOCK, stock)
    blank.state, blank.changed_at = BlankState.RESERVED.value, datetime.now(UTC)
    blank.intent_id, blank.certificate_id = intent_id, certificate_id
    return blank


async def settle(session: AsyncSession, certificate_id: str, outcome: DeliveryOutcome, reason: str = "") -> None:
    """What became of a certificate's sheet, unless the kiosk has said more of it already. `reason`: the delivery's; a
    sheet that jammed does not go back into the tray."""
    after = _AFTER.get(outcome)
    if outcome is DeliveryOutcome.NOT_PRINTED and "jam" in reason:
        after = BlankState.SPOILT
    if after is None:
        return
    blank = await session.scalar(
        select(StockBlank)
        .where(StockBlank.certificate_id == certificate_id, StockBlank.state == BlankState.RESERVED.value)
        .with_for_update()
    )
    if blank is not None:
        blank.state, blank.changed_at = after.value, datetime.now(UTC)


async def report(sessions: Sessions, kiosk_id: str, stock: str, use: StockUse) -> StockLeft:
    """A blank was used, or spoilt. Idempotent by intent: that of the issue, or one of its own.

    Without a serial it is the blank of that issue, else the next one. Refused: not-found, intent-conflict.
    """
    async with writing(sessions) as session:
        known = await session.get(StockReport, (kiosk_id, use.intent_id))
        if known is None:
            blank = await _meant(session, kiosk_id, stock, use)
            now = datetime.now(UTC)
            blank.state = (BlankState.SPOILT if use.spoilt else BlankState.USED).value
            blank.changed_at = now
            session.add(
                StockReport(
                    kiosk_id=kiosk_id,
                    intent_id=use.intent_id,
                    stock=stock,
                    asked_serial=use.serial,
                    serial=blank.serial,
                    spoilt=use.spoilt,
                    at=now,
                )
            )
            try:
                await session.commit()
            except IntegrityError:  # the same report twice at once
                await session.rollback()
                known = await session.get_one(StockReport, (kiosk_id, use.intent_id))
            else:
                log.info("blank_gone", kiosk=kiosk_id, stock=stock, serial=blank.serial, spoilt=use.spoilt)
        if known is not None and (known.stock, known.asked_serial, known.spoilt) != (stock, use.serial, use.spoilt):
            raise Refused(ProblemCode.INTENT_CONFLICT)
        following = await session.scalar(_next(kiosk_id, stock))
        return StockLeft(left=await left(session, kiosk_id, stock), next_serial=following.serial if following else "")


async def _meant(session: AsyncSession, kiosk_id: str, stock: str, use: StockUse) -> StockBlank:
    here = select(StockBlank).where(StockBlank.kiosk_id == kiosk_id, StockBlank.stock == stock).with_for_update()
    gone = StockBlank.state.in_([BlankState.SPOILT.value, BlankState.WITHDRAWN.value])
    planned = await session.scalar(
        here.where(StockBlank.intent_id == use.intent_id, ~gone).order_by(StockBlank.id.desc()).limit(1)
    )
    if use.serial:
        blank = await session.scalar(here.where(StockBlank.serial == use.serial, ~gone))
    else:
        blank = planned or await _wait_for_next(session, kiosk_id, stock)
    if blank is None or (blank is not planned and blank.state == BlankState.USED):
        raise Refused(ProblemCode.NOT_FOUND, "blank")
    if planned is not None and planned is not blank and planned.state != BlankState.FREE:
        # Another sheet was in the tray than we thought: the one that was meant still lies there.
        blank.certificate_id, blank.intent_id = planned.certificate_id, planned.intent_id
        planned.certificate_id = planned.intent_id = ""
        planned.state = BlankState.FREE.value
    return blank


async def _wait_for_next(session: AsyncSession, kiosk_id: str, stock: str) -> StockBlank | None:
    """Waits for whoever has it now. PostgreSQL then says "none" if that one has taken it, though others lie there:
    it is asked again while there are any."""
    while True:
        blank: StockBlank | None = await session.scalar(_next(kiosk_id, stock).with_for_update())
        if blank is not None or await left(session, kiosk_id, stock) == 0:
            return blank


def _next(kiosk_id: str, stock: str) -> Select[StockBlank]:
    return (
        select(StockBlank)
        .where(StockBlank.kiosk_id == kiosk_id, StockBlank.stock == stock, StockBlank.state == BlankState.FREE.value)
        .order_by(StockBlank.id)
        .limit(1)
    )
