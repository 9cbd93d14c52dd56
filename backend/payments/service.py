"""What a kiosk can do with payments. All of it is idempotent by the kiosk's intent id."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Coroutine
from datetime import timedelta
from enum import Enum
from typing import Any

import structlog
from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.bills.models import BillRow
from backend.contract.kiosk_api import Payment, PaymentRequest, PaymentState, ProblemCode
from backend.db.engine import writing
from backend.devices.models import Device
from backend.logging import where
from backend.payments import state as states
from backend.payments.alipay_client import BEIJING
from backend.payments.leases import LEASE
from backend.payments.models import PaymentRow
from backend.payments.worker import PaymentWorker
from backend.problems import Refused

log = structlog.get_logger()

_FRESH = timedelta(seconds=1)  # a kiosk polls; the gateway is asked at most this often
_PATIENCE_S = 6.0  # a kiosk gives up after eight
_WAIT_FOR_LEASE_S = 12.0
_SETTLE_TRIES = 3


class _Insert(Enum):
    MADE = "made"
    KNOWN = "known"  # somebody was faster with the same intent
    NOT_ALONE = "not alone"  # somebody was faster with the same bill


class PaymentService:
    def __init__(self, worker: PaymentWorker) -> None:
        self._worker = worker
        self._sessions = worker.sessions
        self._clock = worker.clock
        self._running: set[asyncio.Task[object]] = set()

    async def create(self, kiosk_id: str, request: PaymentRequest) -> Payment:
        """Begin a payment and get its QR code. A repeated intent gets the stored payment.

        Refused: NOT_FOUND (bill unknown or out of date), AMOUNT_CHANGED, NOTHING_DUE (the bill is being paid already),
        INTENT_CONFLICT, GATEWAY_DOWN (nothing was made; try again with a new intent).
        """
        stored = await self._stored(kiosk_id, request)
        if stored is None:
            token = secrets.token_hex(8)
            inserted = await self._insert_alone(kiosk_id, request, token)
            if inserted is _Insert.MADE:
                await self._briefly(self._advance_leased(request.intent_id, token))
                row = await self._row(kiosk_id, request.intent_id)
                if row.state == PaymentState.CLOSED:
                    raise Refused(ProblemCode.GATEWAY_DOWN, "no code was made")
                return wire(row)
            stored = await self._stored(kiosk_id, request)
        if stored is not None and stored.qr_code is None and stored.state in states.OPEN:
            await self._briefly(self._worker.advance(request.intent_id))
        return wire(await self._row(kiosk_id, request.intent_id))

    async def get(self, kiosk_id: str, intent_id: str) -> Payment:
        """The payment as it is now; the gateway is asked if it may have moved."""
        row = await self._row(kiosk_id, intent_id)
        waiting = row.state in (*states.OPEN, PaymentState.REFUNDING)
        waiting = waiting or (row.state == PaymentState.PAID and row.posted_at is None)
        if waiting and (row.touched_at is None or self._clock() - row.touched_at >= _FRESH):
            await self._briefly(self._worker.advance(intent_id))
            row = await self._row(kiosk_id, intent_id)
        return wire(row)

    async def close(self, kiosk_id: str, intent_id: str) -> Payment:
        """Give up: ask, close, make sure. PAID if the money came after all; UNKNOWN if the gateway is silent, and
        then it is closed as soon as it answers."""
        row = await self._row(kiosk_id, intent_id)
        if row.state in states.OPEN:
            now = self._clock()

            def ask(_: AsyncSession, current: PaymentRow) -> None:
                if current.state in states.OPEN and current.close_asked_at is None:
                    current.close_asked_at = now
                    current.next_at = now

            await self._worker.change(row, ask)
            await self._briefly(self._advance_patiently(intent_id))
        return wire(await self._row(kiosk_id, intent_id))

    async def receipt(self, kiosk_id: str, intent_id: str, printed: bool) -> Payment:
        """The slip came out, or it cannot: then the booking is taken back and the money returned."""
        row = await self._row(kiosk_id, intent_id)
        if not printed:
            return await self.refund(kiosk_id, intent_id, "unprintable")
        await self._worker.change(row, lambda _, current: states.receipted(current, self._clock()))
        return wire(await self._row(kiosk_id, intent_id))

    async def refund(self, kiosk_id: str, intent_id: str, reason: str) -> Payment:
        """Give the money back. What is not paid, or delivered already, stays as it is: look at the state."""
        row = await self._row(kiosk_id, intent_id)
        await self._worker.change(row, lambda _, current: _start_refund(current, reason, self))
        await self._briefly(self._advance_patiently(intent_id))
        return wire(await self._row(kiosk_id, intent_id))

    # --- inside --------------------------------------------------------------------------------------------------

    async def _row(self, kiosk_id: str, intent_id: str) -> PaymentRow:
        row = await self._worker.read(intent_id)
        if row is None or row.kiosk_id != kiosk_id:
            raise Refused(ProblemCode.NOT_FOUND, "payment")
        return row

    async def _stored(self, kiosk_id: str, request: PaymentRequest) -> PaymentRow | None:
        row = await self._worker.read(request.intent_id)
        if row is None:
            return None
        same = (row.kiosk_id, row.service_id, row.bill_id, row.amount_fen, row.channel)
        if same != (kiosk_id, request.service_id, request.bill_id, request.amount_fen, request.channel):
            raise Refused(ProblemCode.INTENT_CONFLICT)
        return row

    async def _insert_alone(self, kiosk_id: str, request: PaymentRequest, token: str) -> _Insert:
        for _ in range(_SETTLE_TRIES):
            await self._settle_earlier(kiosk_id, request)
            inserted = await self._insert(kiosk_id, request, token)
            if inserted is not _Insert.NOT_ALONE:
                return inserted
        raise Refused(ProblemCode.GATEWAY_DOWN, "other payments of this bill are being opened")

    async def _settle_earlier(self, kiosk_id: str, request: PaymentRequest) -> None:
        """One bill, one open order: an earlier one of this kiosk is closed first, and that is made sure.

        A bill that the department calls due again after an earlier payment was booked is the department's business.
        """
        async with self._sessions() as session:
            bill = await self._bill(session, kiosk_id, request)
            open_intents = await _others(session, bill, request.intent_id)
        for intent_id in open_intents:
            state = (await self.close(kiosk_id, intent_id)).state
            if state in (PaymentState.PAID, PaymentState.DELIVERED):
                raise Refused(ProblemCode.NOTHING_DUE, "an earlier payment covers this bill")
            if state in states.OPEN:
                raise Refused(ProblemCode.GATEWAY_DOWN, "an earlier payment of this bill is not settled yet")

    async def _insert(self, kiosk_id: str, request: PaymentRequest, token: str) -> _Insert:
        """Write the intent down before the gateway hears of it."""
        now = self._clock()
        number = now.astimezone(BEIJING).strftime("%Y%m%d") + f"{secrets.randbelow(10**12):012d}"
        async with writing(self._sessions) as session:
            # The kiosk's row is the lock under which its orders are opened: what was settled a moment ago, in another
            # transaction, is looked at once more. (SQLite's single writer makes it superfluous there.)
            await session.execute(select(Device.kiosk_id).where(Device.kiosk_id == kiosk_id).with_for_update())
            bill = await self._bill(session, kiosk_id, request)
            if await _others(session, bill, request.intent_id):
                return _Insert.NOT_ALONE
            session.add(
                PaymentRow(
                    intent_id=request.intent_id,
                    kiosk_id=kiosk_id,
                    service_id=request.service_id,
                    bill_id=request.bill_id,
                    department=bill.department,
                    bill_no=bill.bill_no,
                    channel=request.channel,
                    amount_fen=request.amount_fen,
                    out_trade_no=f"K{number}",
                    receipt_no=number,
                    title_zh=bill.title_zh,
                    title_en=bill.title_en,
                    account_masked=bill.account_masked,
                    customer_masked=bill.customer_masked,
                    period_zh=bill.period_zh,
                    period_en=bill.period_en,
                    state=PaymentState.CREATED.value,
                    created_at=now,
                    expires_at=now + timedelta(seconds=self._worker.expiry_s),
                    lease=token,
                    lease_until=now + LEASE,
                    next_at=now,
                    tries=0,
                )
            )
            try:
                await session.commit()
            except IntegrityError:
                await session.rollback()
                if await session.get(PaymentRow, request.intent_id) is None:
                    raise  # not the intent: e.g. the same order number twice, which would be a wonder
                return _Insert.KNOWN
        return _Insert.MADE

    async def _bill(self, session: AsyncSession, kiosk_id: str, request: PaymentRequest) -> BillRow:
        bill = await session.get(BillRow, request.bill_id)
        if bill is None or bill.kiosk_id != kiosk_id or bill.service_id != request.service_id:
            raise Refused(ProblemCode.NOT_FOUND, "bill")
        if self._clock() >= bill.expires_at:
            raise Refused(ProblemCode.NOT_FOUND, "bill out of date")
        if bill.amount_fen != request.amount_fen:
            raise Refused(ProblemCode.AMOUNT_CHANGED)
        return bill

    async def _advance_leased(self, intent_id: str, token: str) -> None:
        try:
            await self._worker.advance_leased(intent_id, token)
        finally:
            await self._worker.leases.give_back(intent_id, token)

    async def _briefly(self, work: Coroutine[Any, Any, object]) -> None:
        """Wait for `work`, but no longer than a kiosk waits for us; then it goes on by itself."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        await asyncio.wait({task}, timeout=_PATIENCE_S)
        if task.done():
            task.result()

    def _ended(self, task: asyncio.Task[object]) -> None:
        self._running.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("payment_step_failed", error=type(error).__name__, where=where(error))

    async def _advance_patiently(self, intent_id: str) -> None:
        """`advance`, waiting for whoever is at it just now."""
        deadline = time.monotonic() + _WAIT_FOR_LEASE_S
        while not await self._worker.advance(intent_id) and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.05)  # the holder may be another process: there is no event to wait for


async def _others(session: AsyncSession, bill: BillRow, intent_id: str) -> list[str]:
    """This kiosk's other payments of the bill that are open or have been paid."""
    found = await session.scalars(
        select(PaymentRow.intent_id).where(
            PaymentRow.intent_id != intent_id,
            PaymentRow.kiosk_id == bill.kiosk_id,
            PaymentRow.department == bill.department,
            PaymentRow.bill_no == bill.bill_no,
            PaymentRow.state.in_([*states.OPEN, PaymentState.PAID, PaymentState.DELIVERED]),
            or_(PaymentRow.posted_at.is_(None), PaymentRow.bill_id == bill.bill_id),
        )
    )
    return list(found)


def wire(row: PaymentRow) -> Payment:
    """What the kiosk sees. Why a wallet refused is not in it: Alipay tells the payer, never the merchant."""
    return Payment(
        intent_id=row.intent_id,
        state=PaymentState(row.state),
        amount_fen=row.amount_fen,
        channel=row.channel,
        out_trade_no=row.out_trade_no,
        trade_no=row.trade_no,
        qr_code=row.qr_code,
        expires_at=row.expires_at,
        paid_at=row.paid_at,
        posted=row.posted_at is not None,
        receipt_no=row.receipt_no,
        title_zh=row.title_zh,
        title_en=row.title_en,
        account_masked=row.account_masked,
        customer_masked=row.customer_masked,
        period_zh=row.period_zh,
        period_en=row.period_en,
    )


def _start_refund(row: PaymentRow, reason: str, service: PaymentService) -> None:
    states.start_refund(row, reason, service._clock())
