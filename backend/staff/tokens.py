"""API tokens: for programs that act for a staff member, with a part of that person's own roles."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.regions.division import is_code, span_of
from backend.staff.audit import record
from backend.staff.errors import StaffError
from backend.staff.models import StaffGrant, StaffMember, StaffToken
from backend.staff.roles import Grant, Role, Staff
from backend.staff.sessions import digest, grants_of

PREFIX = "mkst_"
LONGEST = timedelta(days=366)
MOST = 20  # in force at a time, of one person


def within_own(wanted: Grant, own: Iterable[Grant]) -> bool:
    """The same role in the same region or a wider one."""
    return any(grant.role == wanted.role and wanted.region_code in span_of(grant.region_code) for grant in own)


async def make(
    session: AsyncSession, staff: Staff, name: str, grants: list[Grant], expires_at: datetime, at: datetime
) -> tuple[StaffToken, str]:
    """The token itself is returned once and kept nowhere. The caller commits. Raises StaffError."""
    if staff.via != "session":
        raise StaffError("not-allowed", "令牌不能再生成令牌。", "A token cannot make tokens; sign in.", 403)
    if not name.strip():
        raise StaffError("name", "请填写令牌的用途。", "Say what the token is for.", 422)
    if not at < expires_at <= at + LONGEST:
        raise StaffError("expiry", "有效期最长一年。", "A token lives for up to one year.", 422)
    if not grants or not all(is_code(grant.region_code) and within_own(grant, staff.grants) for grant in grants):
        raise StaffError(
            "not-own-roles", "只能选择您自己的角色和区域。", "A token can have roles and regions of your own only.", 422
        )
    if len(await in_force(session, staff.staff_id, at)) >= MOST:
        raise StaffError("too-many", f"最多 {MOST} 个有效令牌。", f"At most {MOST} tokens at a time.")
    secret = PREFIX + secrets.token_urlsafe(32)
    token = StaffToken(
        token_id=uuid4().hex,
        token_hash=digest(secret),
        staff_id=staff.staff_id,
        name=name.strip()[:80],
        grants=[[grant.role.value, grant.region_code] for grant in grants],
        created_at=at,
        expires_at=expires_at,
    )
    session.add(token)
    detail = {"name": token.name, "grants": token.grants, "expires_at": expires_at.isoformat()}
    await record(session, staff.staff_id, "staff.token-make", f"token:{token.token_id}", at, detail=detail)
    return token, secret


async def in_force(session: AsyncSession, staff_id: str, at: datetime) -> list[StaffToken]:
    rows = await session.scalars(
        select(StaffToken)
        .where(StaffToken.staff_id == staff_id, StaffToken.expires_at > at, StaffToken.revoked_at.is_(None))
        .order_by(StaffToken.created_at)
    )
    return list(rows)


async def revoke(session: AsyncSession, staff: Staff, token_id: str, at: datetime) -> None:
    """One's own; 404 for others'. The caller commits."""
    gone = await session.execute(
        update(StaffToken)
        .where(StaffToken.token_id == token_id, StaffToken.staff_id == staff.staff_id, StaffToken.revoked_at.is_(None))
        .values(revoked_at=at)
        .returning(StaffToken.token_id)
    )
    if gone.first() is None:
        raise StaffError("not-found", "没有这个令牌。", "There is no such token.", 404)
    await record(session, staff.staff_id, "staff.token-revoke", f"token:{token_id}", at)


async def revoke_all(session: AsyncSession, staff_id: str, at: datetime) -> None:
    await session.execute(
        update(StaffToken).where(StaffToken.staff_id == staff_id, StaffToken.revoked_at.is_(None)).values(revoked_at=at)
    )


async def find(session: AsyncSession, secret: str, at: datetime) -> tuple[StaffToken, Staff] | None:
    """One query. What the person has lost since, the token has lost too."""
    rows = (
        await session.execute(
            select(StaffToken, StaffMember, StaffGrant)
            .join(StaffMember, StaffMember.staff_id == StaffToken.staff_id)
            .outerjoin(StaffGrant, StaffGrant.staff_id == StaffToken.staff_id)
            .where(
                StaffToken.token_hash == digest(secret),
                StaffToken.expires_at > at,
                StaffToken.revoked_at.is_(None),
                StaffMember.active,
            )
        )
    ).all()
    if not rows:
        return None
    token, member, _ = rows[0]
    own = grants_of([grant for _, _, grant in rows if grant is not None])
    wanted = [Grant(Role(role), region) for role, region in token.grants]
    grants = tuple(grant for grant in wanted if within_own(grant, own))
    return token, Staff(member.staff_id, member.name, grants, via="token")
