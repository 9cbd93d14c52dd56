"""What each day was like: for each kiosk, and for each county. A day is one of Asia/Shanghai, written 2026-01-31."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, UtcDateTime
from backend.fleet.models import Serial


class KioskDay(Base):
    """How long a kiosk was what. The five add up to the part of the day that has passed, less the time before the
    kiosk was enrolled: that is counted nowhere."""

    __tablename__ = "kiosk_day"
    __table_args__ = (Index("ix_kiosk_day_day_region_code", "day", "region_code"),)

    kiosk_id: Mapped[str] = mapped_column(String(60), primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    region_code: Mapped[str] = mapped_column(String(12))
    serving_s: Mapped[int] = mapped_column(Integer, default=0)  # open, every device works
    faulty_s: Mapped[int] = mapped_column(Integer, default=0)  # open, but some services are closed by a fault
    closed_s: Mapped[int] = mapped_column(Integer, default=0)  # out of service
    offline_s: Mapped[int] = mapped_column(Integer, default=0)
    unknown_s: Mapped[int] = mapped_column(Integer, default=0)  # the desk itself was down: nobody's fault out there
    last_state: Mapped[str] = mapped_column(Text, default="")  # availability.Condition: how the next day begins
    complete: Mapped[bool] = mapped_column(Boolean, default=False)  # the day is over


class UsageDay(Base):
    """What was done at a kiosk in a day: the differences of its life counters."""

    __tablename__ = "usage_day"
    __table_args__ = (Index("ix_usage_day_day_region_code", "day", "region_code"),)

    kiosk_id: Mapped[str] = mapped_column(String(60), primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    region_code: Mapped[str] = mapped_column(String(12))
    sessions: Mapped[int] = mapped_column(Integer, default=0)
    completed: Mapped[int] = mapped_column(Integer, default=0)
    failed: Mapped[int] = mapped_column(Integer, default=0)
    prints: Mapped[int] = mapped_column(Integer, default=0)
    payments: Mapped[int] = mapped_column(Integer, default=0)


class UsageTotal(Base):
    """The life counters that have been booked."""

    __tablename__ = "usage_total"

    kiosk_id: Mapped[str] = mapped_column(String(60), primary_key=True)
    counters: Mapped[str] = mapped_column(String(2000), default="{}")


class RegionDay(Base):
    """A county's day: the sums of its kiosks."""

    __tablename__ = "region_day"

    region_code: Mapped[str] = mapped_column(String(12), primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True, index=True)
    kiosks: Mapped[int] = mapped_column(Integer, default=0)
    serving_s: Mapped[int] = mapped_column(BigInteger, default=0)
    faulty_s: Mapped[int] = mapped_column(BigInteger, default=0)
    closed_s: Mapped[int] = mapped_column(BigInteger, default=0)
    offline_s: Mapped[int] = mapped_column(BigInteger, default=0)
    unknown_s: Mapped[int] = mapped_column(BigInteger, default=0)
    sessions: Mapped[int] = mapped_column(Integer, default=0)
    completed: Mapped[int] = mapped_column(Integer, default=0)
    failed: Mapped[int] = mapped_column(Integer, default=0)
    prints: Mapped[int] = mapped_column(Integer, default=0)
    payments: Mapped[int] = mapped_column(Integer, default=0)


class HealthDay(Base):
    """How many kiosks of a county were of which health when the day was last counted."""

    __tablename__ = "health_day"

    region_code: Mapped[str] = mapped_column(String(12), primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True, index=True)
    health: Mapped[str] = mapped_column(String(20), primary_key=True)
    kiosks: Mapped[int] = mapped_column(Integer, default=0)


class DeskGap(Base):
    """A time in which the desk heard nobody because it was down itself; written by whoever listens again, see
    `fleet.silence`."""

    __tablename__ = "desk_gap"

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
