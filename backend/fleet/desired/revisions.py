"""The newest revision of the settings."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.fleet.desired.models import SettingRevision


async def current_revision(session: AsyncSession) -> int:
    """0: nothing was ever set."""
    return await session.scalar(select(func.max(SettingRevision.revision))) or 0
