"""Regions and where they lie on the map."""

from __future__ import annotations

from sqlalchemy import Float, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base


class Region(Base):
    """One division. `code` is the twelve-digit division code, see `division.py`."""

    __tablename__ = "region"

    code: Mapped[str] = mapped_column(String(12), primary_key=True)
    parent: Mapped[str | None] = mapped_column(String(12), index=True)
    level: Mapped[int] = mapped_column(Integer)  # division.Level
    name_zh: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(120))
    longitude: Mapped[float | None] = mapped_column(Float)  # degrees, CGCS2000; of its seat
    latitude: Mapped[float | None] = mapped_column(Float)
