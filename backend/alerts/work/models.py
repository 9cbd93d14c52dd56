"""Work orders."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, UtcDateTime
from backend.fleet.models import Serial


class WorkState(StrEnum):
    NEW = "new"
    ACCEPTED = "accepted"
    ON_SITE = "on-site"
    DONE = "done"  # the technician says so
    CLOSED = "closed"  # checked
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        return self in (WorkState.CLOSED, WorkState.CANCELLED)


class WorkOrder(Base):
    __tablename__ = "work_order"
    __table_args__ = (
        Index("ix_work_order_state_region_code", "state", "region_code"),
        Index("ix_work_order_kiosk_id_state", "kiosk_id", "state"),
        Index("ix_work_order_assignee_state", "assignee", "state"),
    )

    order_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kiosk_id: Mapped[str] = mapped_column(String(60))
    region_code: Mapped[str] = mapped_column(String(12))
    alert_id: Mapped[str | None] = mapped_column(String(32), index=True)  # what it came from
    kind: Mapped[str] = mapped_column(String(20))  # checks.WorkKind
    trouble: Mapped[str] = mapped_column(String(60), default="")  # the kiosk's trouble that must be gone; "": none
    task: Mapped[str] = mapped_column(String(300))  # in words; of an alert: Chinese, line break, English
    state: Mapped[str] = mapped_column(String(12))
    assignee: Mapped[str | None] = mapped_column(String(80))  # staff id
    assignee_name: Mapped[str] = mapped_column(String(80), default="")
    created_by: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reopened: Mapped[int] = mapped_column(Integer, default=0)
    checks: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # {check: who ticked it}


class WorkNote(Base):
    """What was done, by whom."""

    __tablename__ = "work_note"
    __table_args__ = (Index("ix_work_note_order_id_id", "order_id", "id"),)

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    order_id: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(80))
    what: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(String(500), default="")
