"""Drafts: answers somebody will go on with. They open only with the code on paper and a proof of the same person."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, UtcDateTime
from backend.identity.crypto import EncryptedText


class DraftRow(Base):
    __tablename__ = "service_draft"

    code_mac: Mapped[str] = mapped_column(String(64), primary_key=True)  # the code itself is on paper only
    person_hash: Mapped[str] = mapped_column(String(64), index=True)
    service_id: Mapped[str] = mapped_column(String(80))
    service_version: Mapped[int] = mapped_column(Integer)
    content: Mapped[str] = mapped_column(EncryptedText("service_draft.content"))  # JSON, see `drafts.service`
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
