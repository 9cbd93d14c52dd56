"""Issued certificates. What they say about the holder is encrypted; the person is found by HMAC only."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, UtcDateTime
from backend.identity.crypto import EncryptedText


class Certificate(Base):
    """One certificate. Its PDF lies encrypted in var_dir/certificates under `id`."""

    __tablename__ = "certificate"
    __table_args__ = (UniqueConstraint("kiosk_id", "intent_id"),)

    id: Mapped[str] = mapped_column(String(20), primary_key=True)  # the short id of the QR link; not guessable
    kiosk_id: Mapped[str] = mapped_column(String(60))
    intent_id: Mapped[str] = mapped_column(String(40))
    request_mac: Mapped[str] = mapped_column(String(64))  # tells a repeated request from a conflicting one
    service_id: Mapped[str] = mapped_column(String(80))
    service_version: Mapped[int] = mapped_column(Integer)
    identifier: Mapped[str] = mapped_column(String(140), unique=True)  # GB/T 36904
    number: Mapped[str] = mapped_column(String(40), unique=True)  # 编号
    verification_code: Mapped[str] = mapped_column(String(19), unique=True)  # XXXX-XXXX-XXXX-XXXX
    title_zh: Mapped[str] = mapped_column(String(80))
    title_en: Mapped[str] = mapped_column(String(160))
    issuer_zh: Mapped[str] = mapped_column(String(120))
    issuer_en: Mapped[str] = mapped_column(String(200))
    template: Mapped[str] = mapped_column(String(80))
    person_hash: Mapped[str] = mapped_column(String(64), index=True)
    holder_name: Mapped[str] = mapped_column(EncryptedText("certificate.holder_name"))
    holder_number: Mapped[str] = mapped_column(EncryptedText("certificate.holder_number"))
    data: Mapped[str] = mapped_column(EncryptedText("certificate.data"))  # JSON: what was typeset
    proof_method: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(40), default="")
    pages: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    valid_until: Mapped[datetime] = mapped_column(UtcDateTime)  # of the check, not of the fact certified
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
