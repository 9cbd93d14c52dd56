"""Scanned pages and signatures. The picture lies encrypted in var_dir/scans under the row's id."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, UtcDateTime


class ScanKind(StrEnum):
    PAGE = "page"
    SIGNATURE = "signature"


class Scan(Base):
    """One picture. Without a case it is thrown away after a day."""

    __tablename__ = "scan"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)  # not guessable
    kiosk_id: Mapped[str] = mapped_column(String(60), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    media_type: Mapped[str] = mapped_column(String(20))
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    size: Mapped[int] = mapped_column(Integer)  # bytes
    sha256: Mapped[str] = mapped_column(String(64))  # of the picture
    case_no: Mapped[str | None] = mapped_column(ForeignKey("service_case.case_no"), index=True)
    material_id: Mapped[str] = mapped_column(String(60), default="")
    page: Mapped[int] = mapped_column(Integer, default=0)  # of the material, from 1
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
