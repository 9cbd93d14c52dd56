"""Every blank by its printed number, and what kiosks said of them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Boolean, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, UtcDateTime


class BlankState(StrEnum):
    """free → reserved → used | spoilt; reserved → free when nothing was printed; free → withdrawn by staff."""

    FREE = "free"
    RESERVED = "reserved"
    USED = "used"
    SPOILT = "spoilt"
    WITHDRAWN = "withdrawn"


class StockBlank(Base):
    """One sheet. It lies in the kiosk in the order of `id`: they are loaded as they are taken."""

    __tablename__ = "stock_blank"
    __table_args__ = (
        UniqueConstraint("stock", "serial"),
        Index("ix_stock_blank_kiosk_id_stock_state", "kiosk_id", "stock", "state"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    kiosk_id: Mapped[str] = mapped_column(String(60))
    stock: Mapped[str] = mapped_column(String(60))
    serial: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(12))
    intent_id: Mapped[str] = mapped_column(String(40), default="")  # of the issue it was reserved for last
    certificate_id: Mapped[str] = mapped_column(String(20), default="", index=True)
    loaded_by: Mapped[str] = mapped_column(String(80))
    loaded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class StockReport(Base):
    """A kiosk's word about one blank, kept once."""

    __tablename__ = "stock_report"

    kiosk_id: Mapped[str] = mapped_column(String(60), primary_key=True)
    intent_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    stock: Mapped[str] = mapped_column(String(60))
    asked_serial: Mapped[str] = mapped_column(String(40))  # as it was sent; "": the kiosk cannot read it
    serial: Mapped[str] = mapped_column(String(40))
    spoilt: Mapped[bool] = mapped_column(Boolean)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
