"""The audit log: who did what to what, each entry chained to the one before by its hash.

`record` adds an entry to the caller's transaction: the deed and its record are committed together or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, UtcDateTime
from backend.db.digests import canonical_sha256
from backend.fleet.models import Serial

FIRST = "0" * 64  # what the first entry is chained to
_CHAIN_LOCK = 0x4D4B4155  # PostgreSQL advisory lock: entries are chained one after the other


class AuditEntry(Base):
    """`hash` = SHA-256 over the canonical JSON of everything else, `previous` included."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_subject", "subject"), Index("ix_audit_entry_at", "at"))

    number: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=False)  # 1, 2, 3 … without gaps
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(80))  # staff id, "kiosk:…", "system", "command-line:USER"
    action: Mapped[str] = mapped_column(String(60))  # such as "kiosk.revoke"
    subject: Mapped[str] = mapped_column(String(120))  # such as "kiosk:K-0001"
    region_code: Mapped[str] = mapped_column(String(12), default="")
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # never personal data of residents
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


async def record(
    session: AsyncSession,
    actor: str,
    action: str,
    subject: str,
    at: datetime,
    *,
    region_code: str = "",
    detail: dict[str, Any] | None = None,
) -> AuditEntry:
    """Add an entry. The session must be a writing one; call it late, it holds others back until the commit."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CHAIN_LOCK})
    last = (
        await session.execute(select(AuditEntry.number, AuditEntry.hash).order_by(AuditEntry.number.desc()).limit(1))
    ).first()
    entry = AuditEntry(
        number=last.number + 1 if last else 1,
        at=at,
        actor=actor,
        action=action,
        subject=subject,
        region_code=region_code,
        detail=detail or {},
        previous=last.hash if last else FIRST,
    )
    entry.hash = entry_hash(entry)
    session.add(entry)
    await session.flush()
    return entry


def entry_hash(entry: AuditEntry) -> str:
    """What `hash` must be."""
    return canonical_sha256(
        {
            "number": entry.number,
            "at": entry.at.isoformat(timespec="microseconds"),
            "actor": entry.actor,
            "action": entry.action,
            "subject": entry.subject,
            "region_code": entry.region_code,
            "detail": entry.detail,
            "previous": entry.previous,
        }
    )


@dataclass(frozen=True)
class ChainFault:
    """The first entry that does not fit."""

    number: int
    what: str


@dataclass(frozen=True)
class Checkpoint:
    """The last entry at some time. Kept elsewhere, it tells whether the end of the log was cut off since."""

    number: int
    hash: str


async def checkpoint(session: AsyncSession) -> Checkpoint:
    """Of the log as it is; number 0 while it is empty."""
    last = (
        await session.execute(select(AuditEntry.number, AuditEntry.hash).order_by(AuditEntry.number.desc()).limit(1))
    ).first()
    return Checkpoint(last.number, last.hash) if last else Checkpoint(0, FIRST)


async def verify_chain(
    session: AsyncSession, *, start: int = 1, against: Checkpoint | None = None
) -> tuple[int, ChainFault | None]:
    """How many entries were read, and the first that was changed, removed or put in between, if any.

    `start`: read from that entry on, believing the one before it. `against`: that entry must be there still."""
    previous, expected = FIRST, start
    if start > 1:
        before = await session.get(AuditEntry, start - 1)
        if before is None:
            return 0, ChainFault(start - 1, "missing: the log ends before it")
        previous = before.hash
    read = 0
    entries = await session.stream_scalars(
        select(AuditEntry).where(AuditEntry.number >= start).order_by(AuditEntry.number)
    )
    async for entry in entries:
        if entry.number != expected:
            return read, ChainFault(expected, f"missing: the next entry there is {entry.number}")
        if entry.previous != previous:
            return read, ChainFault(entry.number, "not chained to the entry before")
        if entry.hash != entry_hash(entry):
            return read, ChainFault(entry.number, "its content is not what was recorded")
        if against is not None and entry.number == against.number and entry.hash != against.hash:
            return read, ChainFault(entry.number, "not the entry of the checkpoint: the log was written anew")
        previous, expected, read = entry.hash, expected + 1, read + 1
        session.expunge(entry)
    if against is not None and expected <= against.number:
        return read, ChainFault(expected, f"missing: the log was cut off, the checkpoint knows entry {against.number}")
    return read, None
