"""Whose account an ID token opens. The caller commits.

An identity that is bound already; else an account that was invited by that e-mail (verified by the provider) or
login, once; else, only where groups are mapped to roles, a new account. Roles that came from groups follow them at
every sign-in; roles granted at the desk stay what they are.

The login is `sub`, which no two people share and nobody chooses twice. `preferred_username` is not taken for it unless
the settings say so: at many providers people change it themselves, and could take somebody else's invitation.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.regions.division import is_code, level_of
from backend.staff import accounts, sessions
from backend.staff.audit import record
from backend.staff.errors import StaffError
from backend.staff.models import StaffGrant, StaffIdentity, StaffMember
from backend.staff.oidc import Claims, OidcError
from backend.staff.roles import Grant, Role

GroupGrants = dict[str, tuple[Grant, ...]]


def parse_group_grants(text: str) -> GroupGrants:
    """GROUP=ROLE:REGION, separated by commas; a group may come more than once. Raises ValueError."""
    found: dict[str, list[Grant]] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        group, _, grant = part.rpartition("=")
        role, _, region = grant.partition(":")
        if not group or not is_code(region):
            raise ValueError("MENKOU_STAFF_OIDC_GROUP_GRANTS: GROUP=ROLE:REGION, separated by commas")
        found.setdefault(group, []).append(Grant(Role(role), region))
    return {group: tuple(grants) for group, grants in found.items()}


async def member_of(
    session: AsyncSession, claims: Claims, groups: GroupGrants, at: datetime, *, apart: bool
) -> StaffMember:
    """Locked until the commit. Raises OidcError for strangers and disabled accounts."""
    wanted = {grant for group in claims.groups for grant in groups.get(group, ())}
    member = await _bound(session, claims) or await _invited(session, claims, at)
    if member is None and wanted:
        member = await _provisioned(session, claims, wanted, at)
    if member is None:
        raise OidcError("no-account")
    if not member.active:
        raise OidcError("disabled")
    if groups:
        await _follow(session, member, wanted, at, apart=apart)
    return member


async def _bound(session: AsyncSession, claims: Claims) -> StaffMember | None:
    staff_id = await session.scalar(
        select(StaffIdentity.staff_id).where(
            StaffIdentity.issuer == claims.issuer, StaffIdentity.subject == claims.subject
        )
    )
    return await session.get(StaffMember, staff_id, with_for_update=True) if staff_id else None


async def _invited(session: AsyncSession, claims: Claims, at: datetime) -> StaffMember | None:
    names = [name for name in (claims.email, claims.login) if name]
    found = list(await session.scalars(select(StaffMember).where(StaffMember.oidc_invite.in_(names)).with_for_update()))
    if len(found) != 1 or not found[0].active:
        return None
    member = found[0]
    member.oidc_invite = None
    await _bind(session, member, claims, at)
    return member


async def _provisioned(session: AsyncSession, claims: Claims, wanted: set[Grant], at: datetime) -> StaffMember:
    login = claims.username if accounts.is_login(claims.username) else ""
    login = login or "oidc-" + sha256(f"{claims.issuer}\n{claims.subject}".encode()).hexdigest()[:16]
    widest = min(wanted, key=lambda grant: (level_of(grant.region_code), grant.region_code))
    new = accounts.NewMember(login, claims.name or login, widest.region_code)
    try:
        member = await accounts.add(session, accounts.command_line("oidc"), new, at)
    except StaffError:
        raise OidcError("login-taken") from None
    await _bind(session, member, claims, at)
    return member


async def _bind(session: AsyncSession, member: StaffMember, claims: Claims, at: datetime) -> None:
    session.add(
        StaffIdentity(
            identity_id=uuid4().hex,
            staff_id=member.staff_id,
            issuer=claims.issuer,
            subject=claims.subject,
            bound_at=at,
        )
    )
    await _record(session, member, "staff.bind-identity", at, {"issuer": claims.issuer})


async def _follow(session: AsyncSession, member: StaffMember, wanted: set[Grant], at: datetime, *, apart: bool) -> None:
    rows = list(await session.scalars(select(StaffGrant).where(StaffGrant.staff_id == member.staff_id)))
    held = {Grant(Role(row.role), row.region_code): row for row in rows}
    gone = [grant for grant, row in held.items() if row.source == "oidc" and grant not in wanted]
    new = [grant for grant in wanted if grant not in held]
    roles = {grant.role for grant in (held.keys() | wanted) if grant not in gone}
    if apart and len(roles & accounts.APART) > 1:
        raise OidcError("roles-apart")
    if not gone and not new:
        return
    for grant in gone:
        await session.delete(held[grant])
    for grant in new:
        session.add(
            StaffGrant(
                staff_id=member.staff_id,
                role=grant.role.value,
                region_code=grant.region_code,
                source="oidc",
                granted_by="oidc",
                granted_at=at,
            )
        )
    await sessions.end_all(session, member.staff_id)
    detail = {
        "granted": sorted(f"{grant.role.value}:{grant.region_code}" for grant in new),
        "revoked": sorted(f"{grant.role.value}:{grant.region_code}" for grant in gone),
    }
    await _record(session, member, "staff.follow-groups", at, detail)


async def _record(
    session: AsyncSession, member: StaffMember, action: str, at: datetime, detail: dict[str, Any]
) -> None:
    subject = f"staff:{member.staff_id}"
    await record(session, "system", action, subject, at, region_code=member.region_code, detail=detail)
