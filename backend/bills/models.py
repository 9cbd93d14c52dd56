"""Bills that have been looked up. The account number is not kept, only what the screen and the department need."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, UtcDateTime


class BillRow(Base):
    __tablename__ = "bill"

    bill_id: Mapped[str] = mapped_column(String(40), primary_key=True)  # opaque, not guessable
    kiosk_id: Mapped[str] = mapped_column(String(60))
    service_id: Mapped[str] = mapped_column(String(80))
    department: Mapped[str] = mapped_column(String(60))
    bill_no: Mapped[str] = mapped_column(String(64))  # the department's number
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    title_zh: Mapped[str] = mapped_column(String(80))
    title_en: Mapped[str] = mapped_column(String(160))
    account_masked: Mapped[str] = mapped_column(String(64))
    customer_masked: Mapped[str] = mapped_column(String(120))
    period_zh: Mapped[str] = mapped_column(String(40))
    period_en: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
