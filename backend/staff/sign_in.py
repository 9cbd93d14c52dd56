"""Signing in: password, then the second factor.

A refusal never says why. Unknown login, wrong password, locked, disabled and an outdated first password get the same
words, the same work (a hash is always checked) and the same time (refusals come at multiples of half a second). A
locked account does not confirm a right password either: else guessing could simply go on during the lock and the one
different answer would be the password. The page says in general that accounts rest after failures.

After five failures an account rests for a minute, then two, four, eight, fifteen; attempts meanwhile do not count, so
the rest ends. Browsers that have signed in before have a counter of their own: strangers cannot keep the owner out.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db.engine import writing
from backend.staff import sessions
from backend.staff.audit import record
from backend.staff.door import Door
from backend.staff.models import RecoveryCode, StaffMember, StaffSession
from backend.staff.second_factor import matching_step, recovery_hash
from backend.staff.sessions import MAX_CODE_TRIES, Stage

log = structlog.get_logger()

FREE_TRIES = 5
LONGEST_REST = timedelta(minutes=15)


@dataclass(frozen=True)
class Entered:
    """`secret` is the cookie's value."""

    secret: str
    stage: Stage
    member: StaffMember


@dataclass(frozen=True)
class Visitor:
    """The browser somebody comes with: its name, the cookie of one known, and the hash of its present session."""

    browser: str = ""
    known: str = ""
    session_hash: str = ""


async def with_password(door: Door, login: str, password: str, visitor: Visitor) -> Entered | None:
    """The first step. None: refused. Raises PasswordsBusy."""
    return await _evenly(door, lambda: _with_password(door, login, password, visitor))


async def with_code(door: Door, session_hash: str, code: str, visitor: Visitor) -> Entered | None:
    """The second step, with a code of the authenticator or a recovery code. None: refused."""
    return await _evenly(door, lambda: _with_code(door, session_hash, code, visitor))


async def _evenly(door: Door, attempt: Callable[[], Awaitable[Entered | None]]) -> Entered | None:
    began = time.monotonic()
    entered = await attempt()
    if entered is None and door.grain_s:
        await asyncio.sleep(door.grain_s - (time.monotonic() - began) % door.grain_s)
    return entered


async def _with_password(door: Door, login: str, password: str, visitor: Visitor) -> Entered | None:
    login = login.strip().lower()
    async with door.sessions() as session:
        found = await session.scalar(select(StaffMember).where(StaffMember.login == login))
    right = await door.passwords.check(found.password if found else "", password[:1000])
    if found is None:
        log.info("sign_in_refused", why="unknown")  # not the login: people type passwords into the wrong field
        return None
    fresh = await door.passwords.hash(password) if right and door.passwords.outdated(found.password) else ""
    at = door.clock()
    async with writing(door.sessions) as session:
        member = await session.get(StaffMember, found.staff_id, with_for_update=True)
        assert member is not None  # noqa: S101 - accounts are never deleted
        known = door.knows_browser(visitor.known, member)
        if _resting(member, known, at):
            log.info("sign_in_refused", why="resting")
            return None
        outdated = member.first_password_until is not None and member.first_password_until < at
        if not right or not member.active or outdated or member.password != found.password:
            await _count_failure(session, member, known, at, "password")
            await session.commit()
            return None
        if fresh:
            member.password = fresh
        if member.totp_secret is not None:
            # Whoever was signed in here is not any more, also if the code never comes.
            if visitor.session_hash:
                await sessions.end(session, visitor.session_hash)
            secret = await sessions.begin(session, member.staff_id, Stage.CODE, at, door.settings.absolute, "")
            await session.commit()
            return Entered(secret, Stage.CODE, member)
        entered = await enter(session, door, member, visitor, at, how="password")
        await session.commit()
        return entered


async def _with_code(door: Door, session_hash: str, code: str, visitor: Visitor) -> Entered | None:
    at = door.clock()
    async with writing(door.sessions) as session:
        row = await session.get(StaffSession, session_hash, with_for_update=True)
        if row is None or row.stage != Stage.CODE or row.ends_at <= at:
            return None
        member = await session.get(StaffMember, row.staff_id, with_for_update=True)
        assert member is not None  # noqa: S101
        known = door.knows_browser(visitor.known, member)
        how = (
            ""
            if _resting(member, known, at) or not member.active
            else await _take_code(session, door, member, code, at)
        )
        if not how:
            row.tries += 1
            if row.tries >= MAX_CODE_TRIES:
                await session.delete(row)
            if not _resting(member, known, at):
                await _count_failure(session, member, known, at, "code")
            await session.commit()
            return None
        await session.delete(row)
        entered = await enter(session, door, member, visitor, at, how=how)
        await session.commit()
        return entered


async def _take_code(session: AsyncSession, door: Door, member: StaffMember, code: str, at: datetime) -> str:
    """ "totp" or "recovery-code", now used up; "" for a wrong one."""
    assert member.totp_secret is not None  # noqa: S101
    step = matching_step(door.unseal(member, member.totp_secret), code, at, member.totp_step)
    if step is not None:
        member.totp_step = step
        return "totp"
    used = await session.execute(
        delete(RecoveryCode)
        .where(RecoveryCode.staff_id == member.staff_id, RecoveryCode.code_hash == recovery_hash(code))
        .returning(RecoveryCode.code_hash)
    )
    return "recovery-code" if used.first() is not None else ""


async def enter(
    session: AsyncSession,
    door: Door,
    member: StaffMember,
    visitor: Visitor,
    at: datetime,
    *,
    how: str,
    stage: Stage | None = None,
) -> Entered:
    """Everything was shown: a session of its own, and the one this browser had before ends. The caller commits.
    `stage`: where they stand, if somebody else has judged it."""
    if visitor.session_hash:
        await sessions.end(session, visitor.session_hash)
    if door.knows_browser(visitor.known, member):
        member.known_failures, member.known_locked_until = 0, None
    else:
        member.failures, member.locked_until = 0, None
    member.signed_in_at = at
    stage = stage or door.stage_after(member)
    secret = await sessions.begin(session, member.staff_id, stage, at, door.settings.absolute, visitor.browser)
    await record(
        session,
        member.staff_id,
        "staff.sign-in",
        f"staff:{member.staff_id}",
        at,
        region_code=member.region_code,
        detail={"how": how},
    )
    return Entered(secret, stage, member)


def _resting(member: StaffMember, known: bool, at: datetime) -> bool:
    until = member.known_locked_until if known else member.locked_until
    return until is not None and at < until


async def _count_failure(session: AsyncSession, member: StaffMember, known: bool, at: datetime, what: str) -> None:
    failures = (member.known_failures if known else member.failures) + 1
    rest = None
    if failures >= FREE_TRIES:
        rest = at + min(timedelta(minutes=2 ** min(failures - FREE_TRIES, 10)), LONGEST_REST)
    if known:
        member.known_failures, member.known_locked_until = failures, rest
    else:
        member.failures, member.locked_until = failures, rest
    log.info("sign_in_refused", why=what)
    await record(
        session,
        "system",
        "staff.sign-in-refused",
        f"staff:{member.staff_id}",
        at,
        region_code=member.region_code,
        detail={"what": what, "failures": failures, "known_browser": known, "rests": rest is not None},
    )
