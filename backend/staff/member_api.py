"""Looking after accounts, as JSON. API tokens may read here and change nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from backend.deps import DbSession
from backend.staff import accounts
from backend.staff.access import STAFF_API, needs
from backend.staff.approval_list import ApprovalBody
from backend.staff.door import CurrentDoor
from backend.staff.me_api import GrantBody
from backend.staff.models import StaffMember
from backend.staff.passwords import make_password
from backend.staff.roles import Grant, Permission, Role, Staff

router = APIRouter(prefix=f"{STAFF_API}/staff", tags=["staff"])

Administrator = Annotated[Staff, needs(Permission.STAFF)]


class MemberBody(BaseModel):
    staff_id: str
    login: str
    name: str
    region_code: str
    active: bool
    second_factor: bool
    must_change_password: bool
    signed_in_at: datetime | None
    created_at: datetime
    grants: list[GrantBody]


class NewMemberBody(BaseModel):
    login: str = Field(max_length=40)
    name: str = Field(max_length=80)
    region_code: str = Field(max_length=12)
    oidc_only: bool = False  # no password: comes through the OpenID provider
    oidc_invite: str | None = Field(None, max_length=200)


class FirstPassword(BaseModel):
    """Shown once. Empty where there is none."""

    staff_id: str
    first_password: str


class GrantWish(BaseModel):
    role: Role
    region_code: str = Field(max_length=12)


class Reason(BaseModel):
    reason: str = Field(max_length=300)


@router.get("")
async def list_members(
    staff: Administrator,
    session: DbSession,
    search: Annotated[str, Query(max_length=80)] = "",
    first: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> list[MemberBody]:
    """In the order of logins, 500 from `first` on."""
    members = await accounts.listed(session, staff, search, first=first)
    grants = await accounts.grants_by_member(session, [member.staff_id for member in members])
    return [_body(member, grants[member.staff_id]) for member in members]


@router.post("", status_code=201)
async def add(body: NewMemberBody, staff: Administrator, door: CurrentDoor, session: DbSession) -> FirstPassword:
    """A new account without roles. Its first password ends after 72 hours and must be changed."""
    password = "" if body.oidc_only else make_password()
    hashed = await door.passwords.hash(password) if password else ""
    new = accounts.NewMember(body.login, body.name, body.region_code, hashed, oidc_invite=body.oidc_invite)
    member = await accounts.add(session, staff, new, datetime.now(UTC))
    await session.commit()
    return FirstPassword(staff_id=member.staff_id, first_password=password)


@router.get("/{staff_id}")
async def show(staff_id: str, staff: Administrator, session: DbSession) -> MemberBody:
    return await _shown(session, staff, staff_id)


@router.post("/{staff_id}/disable")
async def disable(staff_id: str, staff: Administrator, session: DbSession) -> MemberBody:
    """Ends the sessions and revokes the tokens."""
    await accounts.set_active(session, staff, staff_id, False, datetime.now(UTC))
    await session.commit()
    return await _shown(session, staff, staff_id)


@router.post("/{staff_id}/enable")
async def enable(staff_id: str, staff: Administrator, session: DbSession) -> MemberBody:
    await accounts.set_active(session, staff, staff_id, True, datetime.now(UTC))
    await session.commit()
    return await _shown(session, staff, staff_id)


@router.post("/{staff_id}/reset-password")
async def reset_password(staff_id: str, staff: Administrator, door: CurrentDoor, session: DbSession) -> FirstPassword:
    """A new first password; a lock is lifted, the second factor stays."""
    password = make_password()
    hashed = await door.passwords.hash(password)
    await accounts.reset_password(session, staff, staff_id, hashed, datetime.now(UTC))
    await session.commit()
    return FirstPassword(staff_id=staff_id, first_password=password)


@router.post("/{staff_id}/end-sessions", status_code=204)
async def end_sessions(staff_id: str, staff: Administrator, session: DbSession) -> None:
    await accounts.end_sessions(session, staff, staff_id, datetime.now(UTC))
    await session.commit()


@router.post("/{staff_id}/reset-second-factor", status_code=202)
async def reset_second_factor(staff_id: str, body: Reason, staff: Administrator, session: DbSession) -> ApprovalBody:
    """Asks for a second pair of eyes."""
    approval = await accounts.ask_second_factor_reset(session, staff, staff_id, body.reason, datetime.now(UTC))
    await session.commit()
    return ApprovalBody.of(approval)


@router.post("/{staff_id}/grants")
async def grant(
    staff_id: str, body: GrantWish, staff: Administrator, door: CurrentDoor, session: DbSession
) -> MemberBody:
    """Sessions of that person end."""
    wanted = Grant(body.role, body.region_code)
    await accounts.grant(session, staff, staff_id, wanted, datetime.now(UTC), apart=door.production)
    await session.commit()
    return await _shown(session, staff, staff_id)


@router.delete("/{staff_id}/grants/{role}/{region_code}")
async def revoke(staff_id: str, role: Role, region_code: str, staff: Administrator, session: DbSession) -> MemberBody:
    """Sessions of that person end. The last security administrator of a region stays."""
    await accounts.revoke(session, staff, staff_id, Grant(role, region_code), datetime.now(UTC))
    await session.commit()
    return await _shown(session, staff, staff_id)


async def _shown(session: AsyncSession, staff: Staff, staff_id: str) -> MemberBody:
    member = await accounts.visible(session, staff, staff_id)
    return _body(member, await accounts.grants_for(session, staff_id))


def _body(member: StaffMember, grants: tuple[Grant, ...]) -> MemberBody:
    return MemberBody(
        staff_id=member.staff_id,
        login=member.login,
        name=member.name,
        region_code=member.region_code,
        active=member.active,
        second_factor=member.totp_secret is not None,
        must_change_password=member.must_change_password,
        signed_in_at=member.signed_in_at,
        created_at=member.created_at,
        grants=[GrantBody.of(grant) for grant in grants],
    )
