"""Complaints, questions, praise, and what could not be done."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Date, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, UtcDateTime
from backend.identity.crypto import EncryptedText


class ComplaintState(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"


class ComplaintRow(Base):
    """One ticket. Words and phone lie encrypted; without a phone nobody knows whose it is."""

    __tablename__ = "complaint"
    __table_args__ = (UniqueConstraint("kiosk_id", "intent_id"),)

    ticket_no: Mapped[str] = mapped_column(String(20), primary_key=True)
    kiosk_id: Mapped[str] = mapped_column(String(60))
    intent_id: Mapped[str] = mapped_column(String(40))
    request_mac: Mapped[str] = mapped_column(String(64))  # tells a repeated request from a conflicting one
    region_code: Mapped[str] = mapped_column(String(12), index=True)
    service_id: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(80))
    failure: Mapped[str] = mapped_column(String(60))  # keyword: what ended the journey that could not be done
    text: Mapped[str | None] = mapped_column(EncryptedText("complaint.text"))
    phone: Mapped[str | None] = mapped_column(EncryptedText("complaint.phone"))
    department_zh: Mapped[str] = mapped_column(String(120))
    department_en: Mapped[str] = mapped_column(String(240))
    state: Mapped[str] = mapped_column(String(10))
    answer_by: Mapped[date | None] = mapped_column(Date)  # None: no answer is owed, or no calendar knows the day
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # On its way to the department that files such tickets (12345). `operation` "": it stays here.
    operation: Mapped[str] = mapped_column(String(80))
    department_no: Mapped[str] = mapped_column(String(80), default="")  # its number there, once it is taken
    tries: Mapped[int] = mapped_column(Integer, default=0)
    next_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)  # null: filed, refused, or stays
