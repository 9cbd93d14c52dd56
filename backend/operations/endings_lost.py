"""What a restore undoes: whoever was shut out after the backup was made is let in again by it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from backend.db.engine import make_engine, make_sessions
from backend.operations.backup import Manifest
from backend.settings import BackendSettings
from backend.staff.audit import AuditEntry

# The audit log's actions that shut somebody out, and what to do once more.
_AGAIN = {
    "kiosk.revoke": "revoke its identity",
    "kiosk.retire": "retire it",
    "kiosk.quarantine": "look which of the two is real; revoke until then",
    "kiosk.wiped": "revoke its identity: the machine is empty, a copy of its key would be let in",
    "command.wipe": "wipe it; it may be empty by now, then revoke its identity",
    "staff.disable": "disable the account",
    "staff.revoke-role": "take the role away",
    "staff.reset-password": "reset the password",
    "staff.end-sessions": "end the sessions",
    "staff.token-revoke": "revoke the token",
}


@dataclass(frozen=True)
class Ending:
    """One entry of the audit log that the backup does not have."""

    at: datetime
    actor: str
    action: str
    subject: str

    @property
    def again(self) -> str:
        """What has to be done once more."""
        return _AGAIN[self.action]


async def endings_since(settings: BackendSettings, manifest: Manifest) -> list[Ending] | None:
    """Who was shut out, by the log of the database as it is now, and not yet in the backup; the oldest first.

    None: there is no log to be read. Where the two logs have gone apart, all of this one's count.
    """
    engine = make_engine(settings.effective_database_url)
    try:
        async with make_sessions(engine)() as session:
            same = await session.scalar(select(AuditEntry.hash).where(AuditEntry.number == manifest.audit_entries))
            begin = manifest.audit_entries if (same or "") == manifest.audit_hash else 0
            rows = await session.scalars(
                select(AuditEntry)
                .where(AuditEntry.number > begin, AuditEntry.action.in_(_AGAIN))
                .order_by(AuditEntry.number)
            )
            return [Ending(row.at, row.actor, row.action, row.subject) for row in rows]
    except (SQLAlchemyError, OSError):
        return None
    finally:
        await engine.dispose()
