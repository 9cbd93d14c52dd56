"""The kiosks that may speak to this backend."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, UtcDateTime


class Device(Base):
    """One kiosk. Only the token's SHA-256 is kept: the token has 256 random bits, so it needs no slow hash."""

    __tablename__ = "device"

    kiosk_id: Mapped[str] = mapped_column(String(60), primary_key=True)
    site: Mapped[str] = mapped_column(String(120))
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
