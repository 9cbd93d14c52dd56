"""Tickets and their counters. No row tells whose ticket it is."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Date, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, UtcDateTime


class TicketState(StrEnum):
    WAITING = "waiting"
    CALLED = "called"


class QueueCounter(Base):
    """The last number of a window group on a day (China)."""

    __tablename__ = "queue_counter"

    site_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    letter: Mapped[str] = mapped_column(String(2), primary_key=True)
    last: Mapped[int] = mapped_column(Integer)


class QueueTicket(Base):
    """One number. `rank`: 0 priority, 1 booked for now, 2 in turn; within a rank by number."""

    __tablename__ = "queue_ticket"
    __table_args__ = (
        UniqueConstraint("site_id", "day", "letter", "number"),
        Index("ix_queue_ticket_waiting", "site_id", "day", "letter", "state"),
    )

    kiosk_id: Mapped[str] = mapped_column(String(60), primary_key=True)
    intent_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    site_id: Mapped[str] = mapped_column(String(40))
    region_code: Mapped[str] = mapped_column(String(12))
    day: Mapped[date] = mapped_column(Date)
    letter: Mapped[str] = mapped_column(String(2))
    number: Mapped[int] = mapped_column(Integer)
    rank: Mapped[int] = mapped_column(Integer)
    service_id: Mapped[str] = mapped_column(String(80))
    matter: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(10))
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    called_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    window: Mapped[str] = mapped_column(String(40), default="")  # where it was called to

    @property
    def label(self) -> str:
        return f"{self.letter}{self.number:03d}"
