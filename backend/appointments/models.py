"""Bookings. Who has one is known by a hash, the phone for reminders lies encrypted and goes with the day."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Date, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, UtcDateTime
from backend.identity.crypto import EncryptedText


class BookingState(StrEnum):
    ASKING = "asking"  # written down; the department has not answered
    BOOKED = "booked"
    REFUSED = "refused"  # the department had no place any more


class AppointmentRow(Base):
    """One booking, or the attempt at one. `number`: ours, by which the department knows a repetition."""

    __tablename__ = "appointment"
    __table_args__ = (
        UniqueConstraint("kiosk_id", "intent_id"),
        Index("ix_appointment_slot", "service_id", "slot_id", "state"),
        Index("ix_appointment_person_hash_day", "person_hash", "day"),
    )

    number: Mapped[str] = mapped_column(String(40), primary_key=True)
    kiosk_id: Mapped[str] = mapped_column(String(60))
    intent_id: Mapped[str] = mapped_column(String(40))
    request_mac: Mapped[str] = mapped_column(String(64))  # tells a repeated request from a conflicting one
    service_id: Mapped[str] = mapped_column(String(80))
    matter: Mapped[str] = mapped_column(String(40))
    slot_id: Mapped[str] = mapped_column(String(80))
    day: Mapped[date] = mapped_column(Date, index=True)
    from_time: Mapped[str] = mapped_column(String(5))
    to_time: Mapped[str] = mapped_column(String(5))
    slots_left: Mapped[int] = mapped_column(Integer)  # as the department said before
    place_zh: Mapped[str] = mapped_column(String(120))
    place_en: Mapped[str] = mapped_column(String(240))
    title_zh: Mapped[str] = mapped_column(String(120))
    title_en: Mapped[str] = mapped_column(String(240))
    person_hash: Mapped[str] = mapped_column(String(64), default="")  # "": forgotten
    phone: Mapped[str | None] = mapped_column(EncryptedText("appointment.phone"))
    state: Mapped[str] = mapped_column(String(10))
    booking_no: Mapped[str] = mapped_column(String(40), default="", index=True)  # the department's
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the department's answer came
    arrived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # took a ticket with it
