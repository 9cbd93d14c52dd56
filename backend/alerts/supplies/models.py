"""How paper and toner went down, one row a supply: samples of six hours, the newest sixty."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, UtcDateTime


class SupplyTrack(Base):
    """`points`: [seconds since 1970, percent left or null, state, the device's counter or null], oldest first."""

    __tablename__ = "supply_track"
    __table_args__ = (Index("ix_supply_track_runs_out_at", "runs_out_at"),)

    kiosk_id: Mapped[str] = mapped_column(ForeignKey("kiosk.kiosk_id", ondelete="CASCADE"), primary_key=True)
    device: Mapped[str] = mapped_column(String(40), primary_key=True)
    supply: Mapped[str] = mapped_column(String(40), primary_key=True)
    points: Mapped[list[Any]] = mapped_column(JSON, default=list)
    level: Mapped[int | None] = mapped_column(Integer)  # percent left, at the last sample
    runs_out_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # null: not known
    basis: Mapped[str] = mapped_column(String(30), default="")  # how it is known, or why not: forecast.Basis
