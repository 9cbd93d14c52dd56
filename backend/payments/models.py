"""Payments and the ledger."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, UtcDateTime


class PaymentRow(Base):
    """One attempt to pay one bill: one out_trade_no, one QR code. What it shows of the customer is masked."""

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="amount_positive"),
        Index("ix_payment_next_at_state", "next_at", "state"),
    )

    intent_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kiosk_id: Mapped[str] = mapped_column(String(60))
    service_id: Mapped[str] = mapped_column(String(80))
    bill_id: Mapped[str] = mapped_column(String(40))
    department: Mapped[str] = mapped_column(String(60))  # who books it: operations DEPARTMENT.post and .reverse
    bill_no: Mapped[str] = mapped_column(String(64), index=True)  # the department's number
    channel: Mapped[str] = mapped_column(String(20))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    out_trade_no: Mapped[str] = mapped_column(String(32), unique=True)  # ours, at the gateway
    trade_no: Mapped[str | None] = mapped_column(String(64))  # the gateway's
    receipt_no: Mapped[str] = mapped_column(String(32), unique=True)
    qr_code: Mapped[str | None] = mapped_column(String(512))
    title_zh: Mapped[str] = mapped_column(String(80))
    title_en: Mapped[str] = mapped_column(String(160))
    account_masked: Mapped[str] = mapped_column(String(64))
    customer_masked: Mapped[str] = mapped_column(String(120))
    period_zh: Mapped[str] = mapped_column(String(40))
    period_en: Mapped[str] = mapped_column(String(40))

    state: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    close_asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    paid_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    posting_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # set before the department is asked to book
    posted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the department has booked
    receipted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    refund_reason: Mapped[str | None] = mapped_column(String(40))
    refunded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    # Who is working on it until when, and when to look again. None: nothing left to do.
    lease: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    touched_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # last time another system was asked
    tries: Mapped[int] = mapped_column(Integer, default=0)


class LedgerEntry(Base):
    """Double entry, integer fen, debit positive. The entries of one transaction add up to zero, and a transaction
    is posted once: (transaction, account) is unique."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        UniqueConstraint("transaction_id", "account"),
        CheckConstraint("amount_fen <> 0", name="amount_not_zero"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    transaction_id: Mapped[str] = mapped_column(String(60))
    intent_id: Mapped[str] = mapped_column(ForeignKey("payment.intent_id"), index=True)
    account: Mapped[str] = mapped_column(String(40), index=True)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
