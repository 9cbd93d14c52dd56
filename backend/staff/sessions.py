"""Sessions of the console: 256 random bits in a cookie, their SHA-256 in the database."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.staff.models import StaffGrant, StaffMember, StaffSession
from backend.staff.roles import Grant, Role, Staff

COOKIE = "menkou_session"
TOUCH = timedelta(minutes=1)  # how exactly "seen" is known
HALF_WAY = timedelta(minutes=10)  # between password and code; for a first password and enrolment
MAX_CODE_TRIES = 5


class Stage(StrEnum):
    CODE = "code"  # the password was right, the second factor is asked
    SETUP = "setup"  # signed in, but must first change the password or set the second factor up
    FULL = "full"


@dataclass(frozen=True)
class Open:
    """A session that is in force."""

    session_hash: str
    stage: Stage
    member: StaffMember
    grants: tuple[Grant, ...]
    seen_at: datetime

    @property
    def staff(self) -> Staff:
        return Staff(self.member.staff_id, self.member.name, self.grants)


def digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


async def begin(
    session: AsyncSession, staff_id: str, stage: Stage, at: datetime, lasts: timedelta, browser: str
) -> str:
    """A new session; the cookie's value. The caller commits."""
    secret = secrets.token_urlsafe(32)
    session.add(
        StaffSession(
            session_hash=digest(secret),
            staff_id=staff_id,
            stage=stage.value,
            created_at=at,
            seen_at=at,
            ends_at=at + (lasts if stage is Stage.FULL else HALF_WAY),
            browser=browser[:120],
        )
    )
    await session.flush()
    return secret


async def rotate(session: AsyncSession, old: str, stage: Stage, at: datetime, lasts: timedelta, browser: str) -> str:
    """The same person under a new id: at sign-in and whenever they may do more. `old` is a hash, and ends."""
    row = await session.get(StaffSession, old)
    assert row is not None  # noqa: S101 - asked for inside the transaction that found it
    staff_id = row.staff_id
    await session.delete(row)
    return await begin(session, staff_id, stage, at, lasts, browser)


async def find(session: AsyncSession, secret: str, at: datetime, idle: timedelta) -> Open | None:
    """One query: the session, its person and their roles. None if any of it is over."""
    rows = (
        await session.execute(
            select(StaffSession, StaffMember, StaffGrant)
            .join(StaffMember, StaffMember.staff_id == StaffSession.staff_id)
            .outerjoin(StaffGrant, StaffGrant.staff_id == StaffSession.staff_id)
            .where(
                StaffSession.session_hash == digest(secret),
                StaffSession.ends_at > at,
                StaffSession.seen_at > at - idle,
                StaffMember.active,
            )
        )
    ).all()
    if not rows:
        return None
    row, member, _ = rows[0]
    grants = grants_of([grant for _, _, grant in rows if grant is not None])
    return Open(row.session_hash, Stage(row.stage), member, grants, row.seen_at)


def grants_of(rows: list[StaffGrant]) -> tuple[Grant, ...]:
    return tuple(
        sorted((Grant(Role(row.role), row.region_code) for row in rows), key=lambda g: (g.role, g.region_code))
    )


async def touch(session: AsyncSession, session_hash: str, at: datetime) -> None:
    await session.execute(update(StaffSession).where(StaffSession.session_hash == session_hash).values(seen_at=at))


async def end(session: AsyncSession, session_hash: str) -> None:
    await session.execute(delete(StaffSession).where(StaffSession.session_hash == session_hash))


async def end_all(session: AsyncSession, staff_id: str, *, but: str = "") -> int:
    """Everywhere, except the one with the hash `but`; how many."""
    gone = await session.execute(
        delete(StaffSession)
        .where(StaffSession.staff_id == staff_id, StaffSession.session_hash != but)
        .returning(StaffSession.session_hash)
    )
    return len(gone.all())


async def clear_ended(session: AsyncSession, at: datetime, idle: timedelta) -> None:
    await session.execute(
        delete(StaffSession).where((StaffSession.ends_at <= at) | (StaffSession.seen_at <= at - idle))
    )
