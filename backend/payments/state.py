"""The states of a payment. Every change of a payment is made here, under its row's lock.

    created → pending ⇄ unknown → paid → delivered
                  ↘        ↘        ↘
                   closed ──→ refunding → refunded        (closed → refunding: paid after it was closed)

Facts arrive in any order and more than once, from notifications, queries and refunds. `apply_payment_fact` is the
only place where they take effect; it goes forward only.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.contract.kiosk_api import PaymentState
from backend.payments.facts import Fact, FactKind
from backend.payments.ledger import Movement, book
from backend.payments.models import PaymentRow

log = structlog.get_logger()

OPEN = (PaymentState.CREATED, PaymentState.PENDING, PaymentState.UNKNOWN)


async def locked(session: AsyncSession, *, intent_id: str = "", out_trade_no: str = "") -> PaymentRow | None:
    """The payment under its row's lock, as it is now. The session must be a `writing()` one."""
    query = select(PaymentRow).with_for_update().execution_options(populate_existing=True)
    if intent_id:
        query = query.where(PaymentRow.intent_id == intent_id)
    else:
        query = query.where(PaymentRow.out_trade_no == out_trade_no)
    row: PaymentRow | None = await session.scalar(query)
    return row


def apply_payment_fact(session: AsyncSession, row: PaymentRow, fact: Fact, now: datetime) -> bool:
    """Let the gateway's word take effect; False if it contradicts what we know and was not believed."""
    if fact.amount_fen is not None and fact.amount_fen != row.amount_fen:
        log.error("payment_amount_mismatch", out_trade_no=row.out_trade_no, fact=fact.kind.value)
        return False
    state = PaymentState(row.state)
    if fact.kind in (FactKind.PAID, FactKind.REFUNDED) and fact.amount_fen is None:
        log.error("payment_amount_missing", out_trade_no=row.out_trade_no)
        return False
    match fact.kind:
        case FactKind.WAITING | FactKind.NOT_EXIST:
            if state is PaymentState.UNKNOWN and row.qr_code is not None:
                _to(row, PaymentState.PENDING, now)
        case FactKind.CLOSED:
            if state in OPEN:
                close(row, now)
        case FactKind.PAID:
            _paid(session, row, fact, state, now)
        case FactKind.REFUNDED:
            _refunded_by_gateway(session, row, fact, state, now)
    return True


def offered(row: PaymentRow, qr_code: str, now: datetime) -> None:
    """The gateway has made a QR code."""
    if row.state in (PaymentState.CREATED, PaymentState.UNKNOWN):
        row.qr_code = qr_code
        _to(row, PaymentState.PENDING, now)


def lost_sight(row: PaymentRow, now: datetime) -> None:
    """The gateway did not answer: nobody knows."""
    if row.state in (PaymentState.CREATED, PaymentState.PENDING):
        _to(row, PaymentState.UNKNOWN, now)


def close(row: PaymentRow, now: datetime) -> None:
    """Not paid, and the gateway has confirmed it. Looked at again until no wallet can hold a payable code."""
    if row.state in OPEN:
        _to(row, PaymentState.CLOSED, now)
        row.next_at = now + timedelta(seconds=30)


def forget(row: PaymentRow) -> None:
    """A closed order that nobody can pay any more: nothing is left to do."""
    if row.state == PaymentState.CLOSED:
        row.next_at = None


def booked(session: AsyncSession, row: PaymentRow, now: datetime) -> None:
    """The department has booked it."""
    if row.state != PaymentState.PAID or row.posted_at is not None:
        return
    row.posted_at = now
    book(session, row, Movement.POSTED, now)
    row.next_at = None


def receipted(row: PaymentRow, now: datetime) -> None:
    """The resident holds the slip: final. A slip of what is not booked says more than is true (kiosks wait for the
    booking before they print), so it does not count, and the money can still go back."""
    if row.state != PaymentState.PAID:
        return
    if row.posted_at is None:
        log.error("slip_before_booking", out_trade_no=row.out_trade_no)
        return
    row.receipted_at = now
    _to(row, PaymentState.DELIVERED, now)


def start_refund(row: PaymentRow, reason: str, now: datetime) -> bool:
    """Money is to go back; False if there is none to give back (any more)."""
    if row.state != PaymentState.PAID:
        return False
    row.refund_reason = reason
    _to(row, PaymentState.REFUNDING, now)
    row.next_at = now
    return True


def reversed_(session: AsyncSession, row: PaymentRow, now: datetime) -> None:
    """The department has taken its booking back, or never had one and never will."""
    if row.state != PaymentState.REFUNDING:
        return
    if row.posted_at is not None:
        row.posted_at = None
        book(session, row, Movement.REVERSED, now)
    row.posting_at = None


def refunded(session: AsyncSession, row: PaymentRow, now: datetime) -> None:
    """The gateway has given the money back."""
    if row.state == PaymentState.REFUNDING:
        book(session, row, Movement.REFUNDED, now)
        row.refunded_at = now
        _to(row, PaymentState.REFUNDED, now)
        row.next_at = None


def _paid(session: AsyncSession, row: PaymentRow, fact: Fact, state: PaymentState, now: datetime) -> None:
    if state not in OPEN and state is not PaymentState.CLOSED:
        return  # known already
    row.trade_no = fact.trade_no
    row.paid_at = fact.paid_at or now
    book(session, row, Movement.PAID, now)
    _to(row, PaymentState.PAID, now)
    row.next_at = now
    if state is PaymentState.CLOSED:
        start_refund(row, "paid-after-close", now)


def _refunded_by_gateway(
    session: AsyncSession, row: PaymentRow, fact: Fact, state: PaymentState, now: datetime
) -> None:
    """A cancelled order that had been paid in the same moment: the gateway has given the money back by itself."""
    if state in OPEN or state is PaymentState.CLOSED:
        _paid(session, row, fact, state, now)
        start_refund(row, "cancelled", now)
        refunded(session, row, now)
    elif state is PaymentState.REFUNDING and row.posting_at is None:
        refunded(session, row, now)
    elif state is not PaymentState.REFUNDED and state is not PaymentState.REFUNDING:
        log.error("payment_refunded_elsewhere", out_trade_no=row.out_trade_no, state=state.value)


def _to(row: PaymentRow, state: PaymentState, now: datetime) -> None:
    log.info("payment_state", out_trade_no=row.out_trade_no, was=row.state, now=state.value)
    row.state = state.value
    row.tries = 0


def utc_now() -> datetime:
    return datetime.now(UTC)
