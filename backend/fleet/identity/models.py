"""Enrolment codes and the certificates that came of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, UtcDateTime


class EnrolmentCode(Base):
    """A one-time code. Only its hash is kept. Open: neither used, voided nor expired."""

    __tablename__ = "enrolment_code"

    code_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    lookup: Mapped[str] = mapped_column(String(32), unique=True)  # contract.enrolment.lookup_of
    kiosk_id: Mapped[str] = mapped_column(ForeignKey("kiosk.kiosk_id", ondelete="CASCADE"), index=True)
    made_by: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    voided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # a newer one was made, or the kiosk was revoked
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    serial: Mapped[str | None] = mapped_column(String(40))  # of the certificate it brought


class KioskCertificate(Base):
    """A certificate we issued. Whether a kiosk may use it is said by `KioskPulse.serials`; this is its history."""

    __tablename__ = "kiosk_certificate"
    __table_args__ = (Index("ix_kiosk_certificate_kiosk_id_issued_at", "kiosk_id", "issued_at"),)

    serial: Mapped[str] = mapped_column(String(40), primary_key=True)  # lower-case hex
    kiosk_id: Mapped[str] = mapped_column(ForeignKey("kiosk.kiosk_id", ondelete="CASCADE"))
    epoch: Mapped[int] = mapped_column(Integer)
    public_key_sha256: Mapped[str] = mapped_column(String(64), index=True)
    not_before: Mapped[datetime] = mapped_column(UtcDateTime)
    not_after: Mapped[datetime] = mapped_column(UtcDateTime)
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_why: Mapped[str] = mapped_column(String(40), default="")  # renewed, enrolled-anew, revoked, retired
    pem: Mapped[str] = mapped_column(Text)
