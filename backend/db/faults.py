"""What kind of trouble the database is in, told from the error it left."""

from __future__ import annotations

import errno
from enum import StrEnum

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class DatabaseFault(StrEnum):
    AWAY = "database-away"  # restarted, lost, changing its primary, or no connection is free: try again soon
    BUSY = "database-busy"  # a lock was not free in time, two transactions stood in each other's way, a statement took
    # too long: try again soon
    FULL = "storage-full"  # nothing can be written until somebody makes room


_AWAY_STATES = ("08", "57P")  # connection exceptions; shut down, crashed, starting
_READ_ONLY = "25006"  # a former primary
_FULL_STATES = ("53100",)
# Could not be serialized, deadlock; lock not free; cut off after its time; too many connections, no memory.
_BUSY_STATES = ("40001", "40P01", "55P03", "57014", "53")
_NOT_TEXT = "22021"  # what the database's encoding has no place for


def fault_of(error: BaseException) -> DatabaseFault | None:
    """None for any other error, which is a bug of ours."""
    if isinstance(error, ConnectionError | PoolTimeout):
        return DatabaseFault.AWAY
    if isinstance(error, OSError):
        return DatabaseFault.FULL if error.errno in (errno.ENOSPC, errno.EDQUOT) else None
    if not isinstance(error, DBAPIError):
        return None
    state = str(getattr(error.orig, "sqlstate", "") or "")
    text = str(error.orig)
    if state in _FULL_STATES or "database or disk is full" in text or "disk I/O error" in text:
        return DatabaseFault.FULL
    if error.connection_invalidated or state.startswith(_AWAY_STATES) or state == _READ_ONLY:
        return DatabaseFault.AWAY
    if state.startswith(_BUSY_STATES) or "database is locked" in text:
        return DatabaseFault.BUSY
    return None


def not_text(error: BaseException) -> bool:
    """Somebody sent a text that PostgreSQL cannot store, with a NUL character in it. SQLite would have."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", "") == _NOT_TEXT
