"""One at a time by name, for what no row stands for yet."""

from __future__ import annotations

import hashlib

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


async def hold(session: AsyncSession, *name: str) -> None:
    """Until the transaction ends nobody else holds the same name. The session must be a `writing()` one: on SQLite its
    write lock holds everybody back already."""
    if session.get_bind().dialect.name == "postgresql":
        digest = hashlib.blake2b("\x1f".join(name).encode(), digest_size=8).digest()
        key = int.from_bytes(digest, "big", signed=True)
        await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})
