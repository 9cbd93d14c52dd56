"""Device tokens: made once, shown once, kept as a hash."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.devices.models import Device

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")


async def issue_token(session: AsyncSession, kiosk_id: str, site: str) -> str:
    """A new token for `kiosk_id`; an older one stops working. Raises ValueError for an unusable name."""
    if not _NAME.fullmatch(kiosk_id):
        raise ValueError("a kiosk's name is 1-60 letters, digits, dots, dashes or underscores")
    token = "mk_" + secrets.token_urlsafe(32)
    device = await session.get(Device, kiosk_id)
    if device is None:
        device = Device(kiosk_id=kiosk_id, created_at=datetime.now(UTC))
        session.add(device)
    device.site = site
    device.token_sha256 = _digest(token)
    device.revoked_at = None
    await session.commit()
    return token


async def revoke(session: AsyncSession, kiosk_id: str) -> bool:
    """From now on the kiosk's token opens nothing; False if there is no such kiosk. A new token lets it in again."""
    device = await session.get(Device, kiosk_id)
    if device is None:
        return False
    device.revoked_at = device.revoked_at or datetime.now(UTC)
    await session.commit()
    return True


async def find_by_token(session: AsyncSession, token: str) -> Device | None:
    """The kiosk this token belongs to, or None. The look-up is by hash, the comparison in constant time."""
    digest = _digest(token)
    device = await session.scalar(select(Device).where(Device.token_sha256 == digest))
    if device is None or not hmac.compare_digest(device.token_sha256, digest) or device.revoked_at is not None:
        return None
    return device


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
