"""Calls for staff, and helpers' badges."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, UtcDateTime


class StaffCall(Base):
    """Somebody at a kiosk wants a person. Pressing again before anybody has answered is the same call."""

    __tablename__ = "staff_call"
    __table_args__ = (
        Index("ix_staff_call_kiosk_id_ended_at", "kiosk_id", "ended_at"),
        Index("ix_staff_call_site_id_at", "site_id", "at"),
    )

    call_no: Mapped[str] = mapped_column(String(20), primary_key=True)
    kiosk_id: Mapped[str] = mapped_column(String(60))
    site_id: Mapped[str] = mapped_column(String(40))
    region_code: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(String(40))
    priority: Mapped[bool] = mapped_column(Boolean)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # staff said that they come
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # answered, or nobody came in time


class StaffCallIntent(Base):
    """Which call a press of the button became."""

    __tablename__ = "staff_call_intent"

    kiosk_id: Mapped[str] = mapped_column(String(60), primary_key=True)
    intent_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    call_no: Mapped[str] = mapped_column(ForeignKey("staff_call.call_no"))


class StaffBadge(Base):
    """A helper's badge. Its text is signed with the desk's key and is nowhere; a new one ends those before."""

    __tablename__ = "staff_badge"

    badge_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff_member.staff_id"), index=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
