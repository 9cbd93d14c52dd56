"""Helpers' badges: text for a QR code, signed with the desk's key, good for a shift."""

from __future__ import annotations

import base64
import hmac
import secrets
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.assistance.models import StaffBadge
from backend.contract.service_api import Helper, ServiceProblem
from backend.identity.crypto import Vault
from backend.places import Place
from backend.problems import Refused
from backend.regions.division import COUNTRY, span_of
from backend.staff.audit import record
from backend.staff.errors import StaffError
from backend.staff.models import StaffGrant, StaffMember
from backend.staff.roles import Role

PREFIX = "MKB1"
HELPERS = (Role.TECHNICIAN.value, Role.OPERATOR.value)


async def make(session: AsyncSession, vault: Vault, actor: str, staff_id: str, lasts: timedelta, at: datetime) -> str:
    """The badge's text; earlier badges of that person end. The caller commits. Raises StaffError."""
    member = await session.get(StaffMember, staff_id)
    if member is None or not member.active:
        raise StaffError("not-found", "没有这个人员。", "There is no such person.", 404)
    if not await _regions(session, staff_id):
        raise StaffError(
            "not-a-helper",
            "只有维护人员和值班操作人员可以领工牌。",
            "Badges are for technicians and operators only: grant the role first.",
        )
    await session.execute(
        update(StaffBadge).where(StaffBadge.staff_id == staff_id, StaffBadge.revoked_at.is_(None)).values(revoked_at=at)
    )
    badge = StaffBadge(badge_id=secrets.token_hex(8), staff_id=staff_id, made_at=at, expires_at=at + lasts)
    session.add(badge)
    await session.flush()
    detail = {"expires_at": badge.expires_at.isoformat()}
    subject = f"staff:{staff_id}"
    await record(session, actor, "staff.badge", subject, at, region_code=member.region_code, detail=detail)
    return f"{PREFIX}.{badge.badge_id}.{_signature(vault, badge.badge_id)}"


async def show(
    session: AsyncSession, vault: Vault, text: str, kiosk_id: str, place: Place, joins: timedelta, at: datetime
) -> Helper:
    """A helper joins at a kiosk of their region. The caller commits. Refused: badge-unknown, without saying why."""
    prefix, _, rest = text.strip().partition(".")
    badge_id, _, signature = rest.partition(".")
    if prefix != PREFIX or not hmac.compare_digest(signature.encode(), _signature(vault, badge_id).encode()):
        raise Refused(ServiceProblem.BADGE_UNKNOWN)
    badge = await session.get(StaffBadge, badge_id)
    member = await session.get(StaffMember, badge.staff_id) if badge is not None else None
    if badge is None or badge.revoked_at is not None or badge.expires_at <= at or member is None or not member.active:
        raise Refused(ServiceProblem.BADGE_UNKNOWN)
    regions = await _regions(session, member.staff_id)
    # A kiosk nobody has given a place belongs to no region that could keep a helper out.
    near = place.region_code == COUNTRY or any(place.region_code in span_of(code) for code in regions)
    if not regions or not near:
        raise Refused(ServiceProblem.BADGE_UNKNOWN)
    subject, region = f"kiosk:{kiosk_id}", place.region_code
    await record(session, member.staff_id, "assistance.join", subject, at, region_code=region)
    return Helper(name=member.name, valid_until=min(badge.expires_at, at + joins))


async def _regions(session: AsyncSession, staff_id: str) -> list[str]:
    """Where this person may help."""
    return list(
        await session.scalars(
            select(StaffGrant.region_code).where(StaffGrant.staff_id == staff_id, StaffGrant.role.in_(HELPERS))
        )
    )


def _signature(vault: Vault, badge_id: str) -> str:
    return base64.urlsafe_b64encode(vault.mac("staff-badge", badge_id)[:18]).decode()
