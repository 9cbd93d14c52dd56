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
    Role.EDITOR: ("事项编辑", "Editor"),
    Role.PUBLISHER: ("发布", "Publisher"),
    Role.SYSTEM_ADMIN: ("系统管理", "System administrator"),
    Role.SECURITY_ADMIN: ("安全管理", "Security administrator"),
    Role.AUDITOR: ("审计", "Auditor"),
}


# What would be done, by the action of an approval; "{}" is the subject's name.
DEED_WORDS: dict[str, tuple[str, str]] = {
    "kiosk.wipe": (
        "清除终端 {} 的密钥、证书、日志和设置，终端将停止服务",
        "Wipe kiosk {}: its key, certificate, journal and settings go, and it stops serving",
    ),
    "kiosk.revoke": (
        "吊销终端 {} 的证书，终端将无法再连接",
        "Revoke kiosk {}: its certificate is refused from then on",
    ),
    "kiosk.retire": (
        "永久报废终端 {}，它的身份和编号不再使用",
        "Retire kiosk {} for good: its identity and its name are never used again",
    ),
    "rollout.release": ("开始向各地发布 {}", "Start rollout {}: kiosks begin to take the new version"),
    "content.publish": ("审核通过服务事项 {}，随后可以发布", "Approve {}: it may be published from then on"),
    "staff.reset-second-factor": (
        "清除 {} 的动态验证码和恢复码，该人员需要重新设置",
        "Take the authenticator and recovery codes of {} away; they set up new ones",
    ),
}


def deed_words(action: str, subject: str, title: str = "") -> tuple[str, str]:
    """One sentence. `title`: how people call the subject, if it has no telling name."""
    zh, en = DEED_WORDS.get(action, (action + " {}", action + " {}"))
    name = title or subject.partition(":")[2] or subject
    return zh.replace("{}", name), en.replace("{}", name)


async def region_words(session: AsyncSession, codes: Iterable[str]) -> dict[str, tuple[str, str]]:
    """The names of these regions; the code itself where we know none."""
    wanted = set(codes)
    words = {code: (code, code) for code in wanted}
    words |= {COUNTRY: ("全国", "Everywhere")}
    for region in await session.scalars(select(Region).where(Region.code.in_(wanted))):
        words[region.code] = (region.name_zh, region.name_en)
    return words
