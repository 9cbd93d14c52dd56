"""What goes over the whole fleet in pages: one kiosk that does not fit stops nobody else's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import structlog
from sqlalchemy.exc import DataError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.operations.jobs import Lease

log = structlog.get_logger()

T = TypeVar("T")

_DATA = "22"  # SQLSTATE: data exceptions, such as a text too long for its column


class NotOurs(Exception):
    """Another worker has the lease now."""


async def check(session: AsyncSession, lease: Lease | None) -> None:
    """In each transaction of a job. Raises NotOurs."""
    if lease is not None and not await lease.still_ours(session):
        raise NotOurs(lease.name)


async def in_pieces(
    things: Sequence[T], do: Callable[[Sequence[T]], Awaitable[None]], name: Callable[[T], str], what: str
) -> int:
    """`do` these in one transaction; if the database refuses their data, halve them until the one that does not fit is
    alone: it is left out and logged. How many were left out."""
    try:
        await do(things)
    except (DBAPIError, OverflowError) as error:
        if not _unfit(error):
            raise
        if len(things) > 1:
            half = len(things) // 2
            return await in_pieces(things[:half], do, name, what) + await in_pieces(things[half:], do, name, what)
        cause = getattr(error, "orig", None) or error
        log.error("left_out", what=what, kiosk=name(things[0]), error=type(cause).__name__)
        return 1
    return 0


def _unfit(error: Exception) -> bool:
    """The data are at fault, not the database."""
    if isinstance(error, DataError | OverflowError):
        return True
    cause = getattr(error, "orig", None)
    # What the driver itself cannot encode has no SQLSTATE.
    return str(getattr(cause, "sqlstate", "") or "").startswith(_DATA) or "invalid input for query" in str(cause)
