"""What kind of trouble the database is in, told from the error it left."""

from __future__ import annotations

import errno
from enum import StrEnum

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class DatabaseFault(StrEnum):
    AWAY = "database-away"  # restarted, lost, changing its primary, or no connection is free: try again soon
    FULL = "storage-full"  # nothing can be written until somebody makes room


_AWAY_STATES = ("08", "57P")  # connection exceptions; shut down, crashed, starting
_READ_ONLY = "25006"  # a former primary
_FULL_STATES = ("53100",)


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
    return None
