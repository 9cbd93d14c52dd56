"""Roles and regions in words, (Chinese, English)."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.regions.division import COUNTRY
from backend.regions.models import Region
from backend.staff.roles import Role

ROLE_WORDS: dict[str, tuple[str, str]] = {
    Role.VIEWER: ("查看", "Viewer"),
    Role.TECHNICIAN: ("维护人员", "Technician"),
    Role.OPERATOR: ("值班操作", "Operator"),
    Role.PUBLISHER: ("发布", "Publisher"),
    Role.SYSTEM_ADMIN: ("系统管理", "System administrator"),
    Role.SECURITY_ADMIN: ("安全管理", "Security administrator"),
    Role.AUDITOR: ("审计", "Auditor"),
}


async def region_words(session: AsyncSession, codes: Iterable[str]) -> dict[str, tuple[str, str]]:
    """The names of these regions; the code itself where we know none."""
    wanted = set(codes)
    words = {code: (code, code) for code in wanted}
    words |= {COUNTRY: ("全国", "Everywhere")}
    for region in await session.scalars(select(Region).where(Region.code.in_(wanted))):
        words[region.code] = (region.name_zh, region.name_en)
    return words
