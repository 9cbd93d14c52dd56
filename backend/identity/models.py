"""Who has proven who they are, and the SMS challenges on the way. Rows hold no clear personal data."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, UtcDateTime
from backend.identity.crypto import EncryptedText


class Proof(Base):
    """A2 proven by somebody at one kiosk. Deleted when it expires or has been used up."""

    __tablename__ = "identity_proof"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kiosk_id: Mapped[str] = mapped_column(String(60))
    method: Mapped[str] = mapped_column(String(20))
    person_hash: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(EncryptedText("identity_proof.name"))
    number: Mapped[str] = mapped_column(EncryptedText("identity_proof.number"))
    score_band: Mapped[str] = mapped_column(String(20), default="")
    algorithm: Mapped[str] = mapped_column(String(80), default="")
    issues_left: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class Challenge(Base):
    """One SMS code. The personal columns are emptied when it ends; the row stays a while to limit the rate."""

    __tablename__ = "sms_challenge"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kiosk_id: Mapped[str] = mapped_column(String(60), index=True)
    person_hash: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str | None] = mapped_column(EncryptedText("sms_challenge.name"))
    number: Mapped[str | None] = mapped_column(EncryptedText("sms_challenge.number"))
    code_mac: Mapped[bytes | None] = mapped_column(LargeBinary)
    tries_left: Mapped[int] = mapped_column(Integer)
    open: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
