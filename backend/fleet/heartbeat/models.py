"""Since when the desk hears, and how often a region's kiosks are told to come."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, UtcDateTime


class DeskHearing(Base):
    """One row, "desk". Every process that takes heartbeats renews `at`; after a gap, `since` begins anew."""

    __tablename__ = "desk_hearing"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class RegionPace(Base):
    """Kiosks of this region come every so often; the narrowest region counts."""

    __tablename__ = "region_pace"

    region_code: Mapped[str] = mapped_column(String(12), primary_key=True)
    interval_s: Mapped[int] = mapped_column(Integer)
