"""What kiosks should be set to, and how it came to that."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, UtcDateTime


class SettingValue(Base):
    """A value in force at one place of the hierarchy. `scope` is "region", "site" or "kiosk"."""

    __tablename__ = "setting_value"

    scope: Mapped[str] = mapped_column(String(10), primary_key=True)
    scope_id: Mapped[str] = mapped_column(String(60), primary_key=True)
    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)
    revision: Mapped[int] = mapped_column(Integer)  # that set it


class SettingRevision(Base):
    """One change set: all of it came into force together. The log is never rewritten; a revert is a new revision."""

    __tablename__ = "setting_revision"

    revision: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)  # 1, 2, 3 …
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(80))
    note: Mapped[str] = mapped_column(String(300))
    region_code: Mapped[str] = mapped_column(String(12))  # the smallest region that holds all its places
    changes: Mapped[list[Any]] = mapped_column(JSON)  # {"scope", "scope_id", "key", "before", "after"}; null: not set
    reverts: Mapped[int | None] = mapped_column(Integer)
    told: Mapped[bool] = mapped_column(Boolean, default=False, index=True)  # every pulse it concerns wants it
