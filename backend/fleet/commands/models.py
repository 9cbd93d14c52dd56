"""Commands and the files kiosks send in answer to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, UtcDateTime


class Command(Base):
    """One order to one kiosk. States: contract.fleet_api.CommandState; a final one never changes."""

    __tablename__ = "command"
    __table_args__ = (
        Index("ix_command_kiosk_id_state", "kiosk_id", "state"),
        Index("ix_command_kiosk_id_created_at", "kiosk_id", "created_at"),
        Index("ix_command_state_expires_at", "state", "expires_at"),
        Index("ix_command_urgent_state_created_at", "urgent", "state", "created_at"),
        Index("ix_command_batch_id", "batch_id"),
    )

    command_id: Mapped[str] = mapped_column(String(100), primary_key=True)  # of a batch: BATCH.KIOSK
    batch_id: Mapped[str] = mapped_column(String(40), default="")  # "": given to this kiosk alone
    kiosk_id: Mapped[str] = mapped_column(ForeignKey("kiosk.kiosk_id", ondelete="CASCADE"))
    region_code: Mapped[str] = mapped_column(String(12))
    epoch: Mapped[int] = mapped_column(Integer)  # of the identity it is for
    kind: Mapped[str] = mapped_column(String(20))
    arguments: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    urgent: Mapped[bool] = mapped_column(Boolean, default=False)
    state: Mapped[str] = mapped_column(String(12))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(80))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    leases: Mapped[int] = mapped_column(Integer, default=0)  # how often it was handed out
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    code: Mapped[str] = mapped_column(String(80), default="")  # why it failed, was refused or cancelled
    result: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    late: Mapped[dict[str, Any] | None] = mapped_column(JSON)  # an answer that came after the end; changes nothing


class Artifact(Base):
    """A log bundle or a screenshot, as a file `artifact_id` below the folder of artifacts."""

    __tablename__ = "command_artifact"
    __table_args__ = (Index("ix_command_artifact_created_at", "created_at"),)

    artifact_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    command_id: Mapped[str] = mapped_column(ForeignKey("command.command_id", ondelete="CASCADE"), unique=True)
    kiosk_id: Mapped[str] = mapped_column(String(60))
    region_code: Mapped[str] = mapped_column(String(12))
    kind: Mapped[str] = mapped_column(String(20))  # the command's
    size: Mapped[int] = mapped_column(BigInteger)  # bytes
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
