"""Four eyes: wiping, revoking and releasing are asked for by one person and carried out when another agrees.

A package that has such a deed registers what carries it out:

    approvals.register("kiosk.revoke", carry_out)  # async (session, approval) -> None, in its transaction
    approvals.register("release.publish", carry_out, set_aside=put_back)  # the same, when it is refused or expires

and asks with `request(...)`. Approving is refused to whoever asked, to those without the deed's permission
(`Permission.APPROVE`, unless it names another) in the region, and after `expires_at`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import uuid4

from sqlalchemy import JSON, Index, String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, UtcDateTime
from backend.staff.audit import record
from backend.staff.roles import Permission, Staff

PATIENCE = timedelta(hours=24)


class ApprovalState(StrEnum):
    OPEN = "open"
    CARRIED_OUT = "carried-out"
    REFUSED = "refused"
    EXPIRED = "expired"


class Approval(Base):
    """A deed that waits for its second pair of eyes."""

    __tablename__ = "approval"
    __table_args__ = (Index("ix_approval_state_region_code", "state", "region_code"),)

    approval_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(120))
    region_code: Mapped[str] = mapped_column(String(12))
    arguments: Mapped[dict[str, Any]] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(String(300))
    state: Mapped[str] = mapped_column(String(20))
    requested_by: Mapped[str] = mapped_column(String(80))
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(String(80))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_reason: Mapped[str] = mapped_column(String(300), default="")


class ApprovalError(Exception):
    """Not to be decided, or not by this person; `code` for programs, the text for people (English; `zh`: Chinese, if
    there is more to say than the code). `link`: the console's page of whatever is in the way."""

    def __init__(self, code: str, text: str, *, zh: str = "", link: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.zh = zh
        self.link = link


Words = tuple[str, str]
CarryOut = Callable[[AsyncSession, Approval], Awaitable[None]]


@dataclass(frozen=True)
class Described:
    """What whoever decides has to know, as (name, value) in both languages, and the console's page with all of it."""

    facts: tuple[tuple[Words, Words], ...]
    link: str


Describe = Callable[[AsyncSession, Approval], Awaitable[Described | None]]


@dataclass(frozen=True)
class Deed:
    """What happens when a request is agreed to, and, where something waits for it, when it is not."""

    carry_out: CarryOut
    set_aside: CarryOut | None = None
    permission: Permission = Permission.APPROVE  # of whoever decides
    patience: timedelta = PATIENCE
    describe: Describe | None = None


_DEEDS: dict[str, Deed] = {}


def register(
    action: str,
    carry_out: CarryOut,
    *,
    set_aside: CarryOut | None = None,
    permission: Permission = Permission.APPROVE,
    patience: timedelta = PATIENCE,
    describe: Describe | None = None,
) -> None:
    """Say once, at import, what carries `action` out, and what lets go of its subject if nobody agrees.

    `set_aside` runs in the transaction that refuses the request (its state is REFUSED then) or closes it for its
    age (EXPIRED), so that nothing waits for ever for an answer that was already given. `describe` says, beside the
    sentence of the deed, what is decided about.
    """
    _DEEDS[action] = Deed(carry_out, set_aside, permission, patience, describe)


async def request(
    session: AsyncSession,
    staff: Staff,
    action: str,
    subject: str,
    region_code: str,
    arguments: dict[str, Any],
    reason: str,
    at: datetime,
) -> Approval:
    """Ask for a second pair of eyes; the caller commits."""
    if action not in _DEEDS:
        raise KeyError(action)
    approval = Approval(
        approval_id=uuid4().hex,
        action=action,
        subject=subject,
        region_code=region_code,
        arguments=arguments,
        reason=reason[:300],
        state=ApprovalState.OPEN.value,
        requested_by=staff.staff_id,
        requested_at=at,
        expires_at=at + _DEEDS[action].patience,
    )
    session.add(approval)
    detail = {"approval": approval.approval_id, "reason": approval.reason}
    await record(session, staff.staff_id, f"{action}.request", subject, at, region_code=region_code, detail=detail)
    return approval


async def decide(
    session: AsyncSession, staff: Staff, approval_id: str, agree: bool, at: datetime, reason: str = ""
) -> Approval:
    """Carry the deed out, or refuse it; the caller commits. Raises ApprovalError."""
    approval = await session.get(Approval, approval_id, with_for_update=True)
    if approval is None or not staff.may(Permission.VIEW, approval.region_code):
        raise ApprovalError("not-found", "there is no such request")
    deed = _DEEDS.get(approval.action)  # none: asked for by another version
    permission = deed.permission if deed is not None else Permission.APPROVE
    if not staff.may(permission, approval.region_code):
        raise ApprovalError("not-allowed", f"needs the permission {permission.value} there")
    if staff.via == "token":
        raise ApprovalError("not-allowed", "a token has no eyes; sign in")
    if agree and approval.requested_by == staff.staff_id:
        raise ApprovalError("own-request", "somebody else has to agree to what you asked for")
    if approval.state != ApprovalState.OPEN:
        raise ApprovalError("decided", f"this request is {approval.state} already")
    if at >= approval.expires_at:
        raise ApprovalError("expired", "this request is too old; ask again")
    approval.state = (ApprovalState.CARRIED_OUT if agree else ApprovalState.REFUSED).value
    approval.decided_by, approval.decided_at, approval.decided_reason = staff.staff_id, at, reason.strip()[:300]
    if agree:
        await _DEEDS[approval.action].carry_out(session, approval)
    else:
        await _set_aside(session, approval)
    await record(
        session,
        staff.staff_id,
        f"{approval.action}.{'approve' if agree else 'refuse'}",
        approval.subject,
        at,
        region_code=approval.region_code,
        detail={"approval": approval_id, "requested_by": approval.requested_by, "reason": approval.decided_reason},
    )
    return approval


async def described(session: AsyncSession, approval: Approval) -> Described | None:
    """None: the sentence of the deed says it all."""
    deed = _DEEDS.get(approval.action)
    return await deed.describe(session, approval) if deed is not None and deed.describe is not None else None


async def expire(session: AsyncSession, at: datetime) -> int:
    """Close what nobody decided in time; how many. The caller commits."""
    late = await session.scalars(
        select(Approval)
        .where(Approval.state == ApprovalState.OPEN, Approval.expires_at <= at)
        .with_for_update(skip_locked=True)
    )
    closed = 0
    for approval in late.all():
        approval.state = ApprovalState.EXPIRED.value
        await _set_aside(session, approval)
        detail = {"approval": approval.approval_id, "requested_by": approval.requested_by}
        action = f"{approval.action}.expire"
        await record(session, "system", action, approval.subject, at, region_code=approval.region_code, detail=detail)
        closed += 1
    return closed


async def _set_aside(session: AsyncSession, approval: Approval) -> None:
    deed = _DEEDS.get(approval.action)  # none: asked for by an older version. It is closed all the same.
    if deed is not None and deed.set_aside is not None:
        await deed.set_aside(session, approval)
