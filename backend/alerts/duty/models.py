"""People on duty and their shifts. Staff, never residents."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, UtcDateTime


class DutyPerson(Base):
    """Somebody who is told. An empty address: not on that way."""

    __tablename__ = "duty_person"

    person_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    region_code: Mapped[str] = mapped_column(String(12), index=True)  # whose roster this person is on
    name: Mapped[str] = mapped_column(String(80))
    staff_id: Mapped[str | None] = mapped_column(String(80))  # the account, for work orders
    email: Mapped[str] = mapped_column(String(200), default="")
    phone: Mapped[str] = mapped_column(String(30), default="")
    webhook: Mapped[str] = mapped_column(String(300), default="")
    language: Mapped[str] = mapped_column(String(2), default="zh")


class DutyShift(Base):
    """Every week on these days from `start` to `end` (minutes after midnight in China; `end` <= `start`: until the
    next day), from the first to the last date."""

    __tablename__ = "duty_shift"
    __table_args__ = (Index("ix_duty_shift_region_code", "region_code"),)

    shift_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    region_code: Mapped[str] = mapped_column(String(12))
    person_id: Mapped[str] = mapped_column(ForeignKey("duty_person.person_id", ondelete="CASCADE"))
    weekdays: Mapped[int] = mapped_column(Integer)  # bit 0: Monday
    start: Mapped[int] = mapped_column(Integer)
    end: Mapped[int] = mapped_column(Integer)
    first_day: Mapped[date | None] = mapped_column(Date)
    last_day: Mapped[date | None] = mapped_column(Date)
    # Somebody else stands in
    substitute_id: Mapped[str | None] = mapped_column(ForeignKey("duty_person.person_id", ondelete="SET NULL"))
    substitute_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    substitute_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
