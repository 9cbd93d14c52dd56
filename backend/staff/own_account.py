"""What people do with their own account: password, second factor, sessions. The caller commits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db.engine import writing
from backend.staff import sessions
from backend.staff.accounts import keep_old
from backend.staff.audit import record
from backend.staff.door import Door
from backend.staff.errors import StaffError
from backend.staff.models import RecoveryCode, StaffMember, StaffSession
from backend.staff.passwords import HISTORY, check_rules
from backend.staff.second_factor import matching_step, new_recovery_codes, new_secret, recovery_hash
from backend.staff.sessions import Open
from backend.staff.sign_in import FREE_TRIES


async def change_password(door: Door, opened: Open, old: str, new: str, browser: str) -> str:
    """The cookie's new value; all other sessions end. Raises StaffError."""
    member = opened.member
    check_rules(new, member.login, member.name)
    await _prove(door, opened, old)
    for former in [member.password, *member.password_history][:HISTORY]:
        if former and await door.passwords.check(former, new):
            raise StaffError(
                "password-used",
                f"不能使用最近 {HISTORY} 次用过的密码。",
                f"Not one of your last {HISTORY} passwords.",
                422,
            )
    hashed = await door.passwords.hash(new)
    at = door.clock()
    async with writing(door.sessions) as session:
        mine = await _mine(session, opened, at)
        if mine.password != member.password:
            raise StaffError("changed-meanwhile", "密码刚刚已被修改。", "The password was changed meanwhile.")
        keep_old(mine)
        mine.password, mine.password_at = hashed, at
        mine.must_change_password, mine.first_password_until = False, None
        await sessions.end_all(session, mine.staff_id, but=opened.session_hash)
        secret = await _step_up(session, door, opened, mine, at, browser)
        await _record(session, mine, "staff.change-password", at)
        await session.commit()
    return secret


async def begin_second_factor(door: Door, opened: Open) -> str:
    """The secret to show; in force only after `confirm_second_factor`. The same one until then."""
    async with writing(door.sessions) as session:
        mine = await _mine(session, opened, door.clock())
        if mine.totp_secret is not None:
            raise StaffError("has-one", "已经设置了动态验证码。", "There is an authenticator already.")
        if mine.totp_pending is not None:
            return door.unseal(mine, mine.totp_pending)
        secret = new_secret()
        mine.totp_pending = door.seal(mine, secret)
        await session.commit()
    return secret


async def confirm_second_factor(door: Door, opened: Open, code: str, browser: str) -> tuple[str, list[str]]:
    """With a code of the new authenticator: the cookie's new value and the recovery codes. Raises StaffError."""
    at = door.clock()
    async with writing(door.sessions) as session:
        mine = await _mine(session, opened, at)
        if mine.totp_pending is None or mine.totp_secret is not None:
            raise StaffError("not-begun", "请重新开始设置。", "Begin again.")
        step = matching_step(door.unseal(mine, mine.totp_pending), code, at, 0)
        if step is None:
            raise StaffError(
                "wrong-code", "验证码不对。请核对手机时间。", "Wrong code. Is the time on your phone right?", 422
            )
        mine.totp_secret, mine.totp_pending, mine.totp_step = mine.totp_pending, None, step
        codes = await _new_codes(session, mine)
        await sessions.end_all(session, mine.staff_id, but=opened.session_hash)
        secret = await _step_up(session, door, opened, mine, at, browser)
        await _record(session, mine, "staff.second-factor", at)
        await session.commit()
    return secret, codes


async def renew_recovery_codes(door: Door, opened: Open, password: str) -> list[str]:
    """The old ones end."""
    await _prove(door, opened, password)
    at = door.clock()
    async with writing(door.sessions) as session:
        mine = await _mine(session, opened, at)
        if mine.totp_secret is None:
            raise StaffError("no-second-factor", "请先设置动态验证码。", "Set up an authenticator first.")
        codes = await _new_codes(session, mine)
        await _record(session, mine, "staff.recovery-codes", at)
        await session.commit()
    return codes


async def recovery_codes_left(session: AsyncSession, staff_id: str) -> int:
    return (
        await session.scalar(select(func.count()).select_from(RecoveryCode).where(RecoveryCode.staff_id == staff_id))
    ) or 0


async def _prove(door: Door, opened: Open, password: str) -> None:
    """Whoever sits at an open session must still know the password; wrong ones count and end the session at five."""
    if await door.passwords.check(opened.member.password, password[:1000]):
        return
    async with writing(door.sessions) as session:
        row = await session.get(StaffSession, opened.session_hash, with_for_update=True)
        if row is not None:
            row.tries += 1
            if row.tries >= FREE_TRIES:
                await session.delete(row)
            await session.commit()
    raise StaffError("wrong-password", "现在的密码不对。", "Your present password is not right.", 403)


async def _mine(session: AsyncSession, opened: Open, at: datetime) -> StaffMember:
    row = await session.get(StaffSession, opened.session_hash, with_for_update=True)
    member = await session.get(StaffMember, opened.member.staff_id, with_for_update=True, populate_existing=True)
    if row is None or row.ends_at <= at or member is None or not member.active:
        raise StaffError("signed-out", "请重新登录。", "Sign in again.", 401)
    return member


async def _step_up(
    session: AsyncSession, door: Door, opened: Open, member: StaffMember, at: datetime, browser: str
) -> str:
    stage = door.stage_after(member)
    return await sessions.rotate(session, opened.session_hash, stage, at, door.settings.absolute, browser)


async def _new_codes(session: AsyncSession, member: StaffMember) -> list[str]:
    await session.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == member.staff_id))
    codes = new_recovery_codes()
    session.add_all(RecoveryCode(code_hash=recovery_hash(code), staff_id=member.staff_id) for code in codes)
    return codes


async def _record(session: AsyncSession, member: StaffMember, action: str, at: datetime) -> None:
    subject = f"staff:{member.staff_id}"
    await record(session, member.staff_id, action, subject, at, region_code=member.region_code)
