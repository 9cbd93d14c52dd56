"""Looking after accounts and roles. The caller commits; StaffError says why not.

Nobody grants outside the regions they look after, nobody changes their own account or roles here, accounts with roles
elsewhere belong to those who look after all of them, and somebody must always be left to look after accounts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.regions.division import COUNTRY, is_code, span_of
from backend.staff import approvals, sessions, tokens
from backend.staff.access import within
from backend.staff.approvals import Approval, ApprovalError
from backend.staff.audit import record
from backend.staff.errors import StaffError, not_allowed, not_found
from backend.staff.models import RecoveryCode, StaffGrant, StaffMember
from backend.staff.roles import Grant, Permission, Role, Staff
from backend.staff.sessions import grants_of

FIRST_PASSWORD_LASTS = timedelta(hours=72)
MANY = 500  # rows of a list

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")
_RESERVED = frozenset({"system", "command-line", "unknown", "nobody", "new"})
_STAFF_LOCK = 0x4D4B4143  # PostgreSQL advisory lock: roles change one after the other
APART = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR})  # never one person's, in production


@dataclass(frozen=True)
class NewMember:
    """`password`: its hash; "" for people who come through the OIDC provider only."""

    login: str
    name: str
    region_code: str
    password: str = ""
    must_change: bool = True
    oidc_invite: str | None = None


def is_login(login: str) -> bool:
    return _LOGIN.fullmatch(login) is not None and login not in _RESERVED


def command_line(user: str) -> Staff:
    """Whoever sits at the desk's own machine."""
    return Staff(f"command-line:{user}"[:80], user, (Grant(Role.SECURITY_ADMIN, COUNTRY),), via="command-line")


async def add(session: AsyncSession, staff: Staff, new: NewMember, at: datetime) -> StaffMember:
    if staff.via == "token":
        raise not_allowed("令牌不能管理人员。", "A token cannot look after accounts; sign in.")
    login = new.login.strip().lower()
    if not is_login(login):
        raise StaffError(
            "login",
            "登录名为 2–40 位小写字母、数字、点、横线或下划线。",
            "A login has 2-40 small letters, digits, dots, dashes or underscores.",
            422,
        )
    if not new.name.strip():
        raise StaffError("name", "请填写姓名。", "A name is needed.", 422)
    _inside(staff, new.region_code)
    await _one_at_a_time(session)
    if await session.scalar(select(exists().where(or_(StaffMember.login == login, StaffMember.staff_id == login)))):
        raise StaffError("login-taken", "这个登录名已有人使用。", "This login is taken.")
    member = StaffMember(
        staff_id=login,
        login=login,
        name=new.name.strip()[:80],
        region_code=new.region_code,
        created_at=at,
        password=new.password,
        password_at=at if new.password else None,
        first_password_until=at + FIRST_PASSWORD_LASTS if new.password and new.must_change else None,
        must_change_password=bool(new.password) and new.must_change,
        oidc_invite=(new.oidc_invite or "").strip().lower()[:200] or None,
    )
    session.add(member)
    await session.flush()
    await _record(session, staff, "staff.add", member, at, {"name": member.name})
    return member


async def grant(
    session: AsyncSession, staff: Staff, staff_id: str, wanted: Grant, at: datetime, *, apart: bool
) -> None:
    """`apart`: the three administrations are kept apart (production)."""
    await _one_at_a_time(session)
    member = await _other(session, staff, staff_id)
    _inside(staff, wanted.region_code)
    present = await grants_for(session, staff_id)
    if wanted in present:
        return
    clash = next((g.role for g in present if {g.role, wanted.role} <= APART and g.role != wanted.role), None)
    if apart and clash is not None:
        raise StaffError(
            "roles-apart",
            "系统管理、安全管理和审计管理不能由同一人担任。",
            f"System, security and audit administration are kept apart: this person is {clash.value} already.",
        )
    session.add(
        StaffGrant(
            staff_id=staff_id,
            role=wanted.role.value,
            region_code=wanted.region_code,
            granted_by=staff.staff_id,
            granted_at=at,
        )
    )
    await sessions.end_all(session, staff_id)
    detail = {"role": wanted.role.value, "region": wanted.region_code}
    await _record(session, staff, "staff.grant", member, at, detail)


async def revoke(session: AsyncSession, staff: Staff, staff_id: str, unwanted: Grant, at: datetime) -> None:
    await _one_at_a_time(session)
    member = await _other(session, staff, staff_id)
    row = await session.get(StaffGrant, (staff_id, unwanted.role.value, unwanted.region_code))
    if row is None:
        raise StaffError("no-such-role", "没有这个角色。", "There is no such role.", 404)
    if unwanted.role is Role.SECURITY_ADMIN and member.active:
        await _somebody_left(session, unwanted.region_code, staff_id)
    await session.delete(row)
    await sessions.end_all(session, staff_id)
    detail = {"role": unwanted.role.value, "region": unwanted.region_code}
    await _record(session, staff, "staff.revoke-role", member, at, detail)


async def set_active(session: AsyncSession, staff: Staff, staff_id: str, active: bool, at: datetime) -> None:
    """Disabling ends all sessions and revokes all tokens."""
    await _one_at_a_time(session)
    member = await _other(session, staff, staff_id)
    if member.active == active:
        return
    if not active:
        for held in await grants_for(session, staff_id):
            if held.role is Role.SECURITY_ADMIN:
                await _somebody_left(session, held.region_code, staff_id)
        await sessions.end_all(session, staff_id)
        await tokens.revoke_all(session, staff_id, at)
    member.active = active
    await _record(session, staff, "staff.enable" if active else "staff.disable", member, at)


async def reset_password(
    session: AsyncSession, staff: Staff, staff_id: str, password: str, at: datetime, *, must_change: bool = True
) -> None:
    """`password`: the hash of one made up for the person. Locks are lifted. The second factor stays."""
    member = await _other(session, staff, staff_id)
    keep_old(member)
    member.password, member.password_at = password, at
    member.must_change_password = must_change
    member.first_password_until = at + FIRST_PASSWORD_LASTS if must_change else None
    member.failures, member.locked_until = 0, None
    member.known_failures, member.known_locked_until = 0, None
    await sessions.end_all(session, staff_id)
    await _record(session, staff, "staff.reset-password", member, at)


async def end_sessions(session: AsyncSession, staff: Staff, staff_id: str, at: datetime) -> int:
    member = await _other(session, staff, staff_id)
    ended = await sessions.end_all(session, staff_id)
    await _record(session, staff, "staff.end-sessions", member, at, {"ended": ended})
    return ended


async def forget_second_factor(session: AsyncSession, member: StaffMember) -> None:
    """Secret and recovery codes gone, sessions ended."""
    member.totp_secret, member.totp_pending = None, None
    for code in await session.scalars(select(RecoveryCode).where(RecoveryCode.staff_id == member.staff_id)):
        await session.delete(code)
    await sessions.end_all(session, member.staff_id)


def keep_old(member: StaffMember) -> None:
    """Before a new password is set: the old one may not come back soon."""
    if member.password:
        member.password_history = [member.password, *member.password_history][:5]


# Four eyes: a lost authenticator

RESET_SECOND_FACTOR = "staff.reset-second-factor"


async def ask_second_factor_reset(
    session: AsyncSession, staff: Staff, staff_id: str, reason: str, at: datetime
) -> Approval:
    """Somebody else with the permission to approve there must agree."""
    member = await _other(session, staff, staff_id)
    if member.totp_secret is None:
        raise StaffError("no-second-factor", "这个账号没有动态验证码。", "This account has no authenticator.")
    if not reason.strip():
        raise StaffError("reason", "请填写原因。", "Give a reason.", 422)
    subject, arguments = f"staff:{staff_id}", {"staff_id": staff_id}
    return await approvals.request(
        session, staff, RESET_SECOND_FACTOR, subject, member.region_code, arguments, reason.strip(), at
    )


async def _carry_out_reset(session: AsyncSession, approval: Approval) -> None:
    staff_id = str(approval.arguments["staff_id"])
    if approval.decided_by == staff_id:
        raise ApprovalError("own-account", "nobody agrees to a deed about their own account")
    member = await session.get(StaffMember, staff_id, with_for_update=True)
    assert member is not None  # noqa: S101 - accounts are never deleted
    await forget_second_factor(session, member)


approvals.register(RESET_SECOND_FACTOR, _carry_out_reset)

# Looking


async def visible(session: AsyncSession, staff: Staff, staff_id: str) -> StaffMember:
    """Somebody with a home or a role where `staff` looks after accounts; 404 otherwise."""
    member = await session.scalar(select(StaffMember).where(StaffMember.staff_id == staff_id, _seen_by(staff)))
    if member is None:
        raise not_found()
    return member


async def listed(session: AsyncSession, staff: Staff, search: str = "", *, first: int = 0) -> list[StaffMember]:
    """In the order of logins, at most MANY from `first`."""
    query = select(StaffMember).where(_seen_by(staff)).order_by(StaffMember.login).offset(first).limit(MANY)
    if search.strip():
        pattern = search.strip()[:80]
        query = query.where(
            or_(
                StaffMember.login.contains(pattern.lower(), autoescape=True),
                StaffMember.name.contains(pattern, autoescape=True),
            )
        )
    return list(await session.scalars(query))


async def grants_for(session: AsyncSession, staff_id: str) -> tuple[Grant, ...]:
    return grants_of(list(await session.scalars(select(StaffGrant).where(StaffGrant.staff_id == staff_id))))


async def grants_by_member(session: AsyncSession, staff_ids: Iterable[str]) -> dict[str, tuple[Grant, ...]]:
    rows: dict[str, list[StaffGrant]] = {staff_id: [] for staff_id in staff_ids}
    for row in await session.scalars(select(StaffGrant).where(StaffGrant.staff_id.in_(rows))):
        rows[row.staff_id].append(row)
    return {staff_id: grants_of(found) for staff_id, found in rows.items()}


# Inside


def _seen_by(staff: Staff) -> ColumnElement[bool]:
    granted = exists().where(
        StaffGrant.staff_id == StaffMember.staff_id, within(StaffGrant.region_code, staff, Permission.STAFF)
    )
    return or_(within(StaffMember.region_code, staff, Permission.STAFF), granted)


def _inside(staff: Staff, region_code: str) -> None:
    if not is_code(region_code):
        raise StaffError("region", "区划代码为十二位数字。", "A region's code has twelve digits.", 422)
    if not staff.may(Permission.STAFF, region_code):
        raise not_allowed("不在您管理的区域内。", "Outside the regions you look after.")


async def _other(session: AsyncSession, staff: Staff, staff_id: str) -> StaffMember:
    """Somebody else's account, all of whose regions `staff` looks after; locked until the commit."""
    if staff.via == "token":
        raise not_allowed("令牌不能管理人员。", "A token cannot look after accounts; sign in.")
    await visible(session, staff, staff_id)
    if staff_id == staff.staff_id:
        raise StaffError("own-account", "不能修改自己的账号和角色。", "Nobody changes their own account or roles.", 403)
    member = await session.get(StaffMember, staff_id, with_for_update=True, populate_existing=True)
    assert member is not None  # noqa: S101
    regions = {member.region_code, *(held.region_code for held in await grants_for(session, staff_id))}
    if not all(staff.may(Permission.STAFF, region) for region in regions):
        raise not_allowed(
            "这个人在您管理的区域之外还有角色。", "This person has roles outside the regions you look after."
        )
    return member


async def _somebody_left(session: AsyncSession, region_code: str, without: str) -> None:
    """Another active security administrator for the whole of the region, or StaffError."""
    rows = await session.scalars(
        select(StaffGrant.region_code)
        .join(StaffMember, StaffMember.staff_id == StaffGrant.staff_id)
        .where(StaffGrant.role == Role.SECURITY_ADMIN, StaffMember.active, StaffMember.staff_id != without)
    )
    if not any(region_code in span_of(other) for other in rows):
        raise StaffError(
            "last-security-admin",
            "这是该区域最后一名安全管理员。",
            "This is the last security administrator of that region; grant the role to somebody else first.",
        )


async def _one_at_a_time(session: AsyncSession) -> None:
    """Two administrators removing each other must not both succeed (SQLite has one writer anyway)."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _STAFF_LOCK})


async def _record(
    session: AsyncSession,
    staff: Staff,
    action: str,
    member: StaffMember,
    at: datetime,
    detail: dict[str, Any] | None = None,
) -> None:
    subject = f"staff:{member.staff_id}"
    await record(session, staff.staff_id, action, subject, at, region_code=member.region_code, detail=detail)
