"""Deeds that wait for a second pair of eyes, and those decided: pages and JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.console.pages import page
from backend.deps import DbSession
from backend.staff import approvals
from backend.staff.access import STAFF_API, needs, within
from backend.staff.approvals import Approval, ApprovalError, ApprovalState
from backend.staff.errors import StaffError
from backend.staff.roles import Permission, Staff
from backend.staff.words import deed_words, region_words

pages = APIRouter(prefix="/console/approvals", tags=["console: approvals"], include_in_schema=False)
api = APIRouter(prefix=f"{STAFF_API}/approvals", tags=["approvals"])

TITLE = ("审批", "Approvals")
MANY = 200  # of the decided ones
Viewer = Annotated[Staff, needs(Permission.VIEW)]
Approver = Annotated[Staff, needs(Permission.APPROVE)]

_REFUSALS = {
    "not-found": (404, "没有这个申请。"),
    "not-allowed": (403, "您不能审批这个申请。"),
    "own-request": (403, "自己提出的申请须由他人同意。"),
    "own-account": (403, "不能审批关于自己账号的申请。"),
    "decided": (409, "这个申请已经处理。"),
    "expired": (409, "这个申请已过期，请重新提出。"),
}


class ApprovalBody(BaseModel):
    approval_id: str
    action: str
    subject: str
    region_code: str
    what_zh: str
    what_en: str
    reason: str
    state: str
    requested_by: str
    requested_at: datetime
    expires_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    decided_reason: str

    @classmethod
    def of(cls, approval: Approval) -> ApprovalBody:
        zh, en = words_of(approval)
        names = cls.model_fields.keys() - {"what_zh", "what_en"}
        return cls(**{name: getattr(approval, name) for name in names}, what_zh=zh, what_en=en)


class DecisionBody(BaseModel):
    agree: bool
    reason: str = Field("", max_length=300)


def words_of(approval: Approval) -> tuple[str, str]:
    return deed_words(approval.action, approval.subject, str(approval.arguments.get("title", "")))


@api.get("")
async def list_approvals(
    staff: Viewer, session: DbSession, state: Annotated[Literal["open", "decided"], Query()] = "open"
) -> list[ApprovalBody]:
    """In the person's regions, the newest first; at most 200."""
    return [ApprovalBody.of(approval) for approval in await _listed(session, staff, state == "open")]


@api.post("/{approval_id}/decide")
async def decide(approval_id: str, body: DecisionBody, staff: Approver, session: DbSession) -> ApprovalBody:
    """Agree (the deed is carried out in the same transaction) or refuse. Refusing one's own request withdraws it."""
    return ApprovalBody.of(await _decide(session, staff, approval_id, body.agree, body.reason))


@pages.get("")
async def show(request: Request, staff: Viewer, session: DbSession, done: str = "") -> Response:
    waiting, decided = await _listed(session, staff, True), await _listed(session, staff, False)
    places = await region_words(session, [approval.region_code for approval in [*waiting, *decided]])
    return page(
        request,
        staff,
        "approvals/list.html",
        title=TITLE,
        nav="approvals",
        waiting=waiting,
        decided=decided,
        places=places,
        words_of=words_of,
        described={approval.approval_id: await approvals.described(session, approval) for approval in waiting},
        done=done,
    )


@pages.post("/{approval_id}")
async def decide_on_page(
    approval_id: str,
    staff: Approver,
    session: DbSession,
    decision: Annotated[Literal["agree", "refuse"], Form()],
    reason: Annotated[str, Form(max_length=300)] = "",
) -> Response:
    if decision == "refuse" and not reason.strip():
        raise StaffError("reason", "拒绝时请填写原因。", "Give a reason for a refusal.", 422)
    await _decide(session, staff, approval_id, decision == "agree", reason)
    return RedirectResponse(f"/console/approvals?done={decision}", 303)


async def _listed(session: AsyncSession, staff: Staff, waiting: bool) -> list[Approval]:
    is_open = Approval.state == ApprovalState.OPEN
    query = (
        select(Approval)
        .where(within(Approval.region_code, staff, Permission.VIEW), is_open if waiting else ~is_open)
        .order_by(Approval.requested_at.desc())
        .limit(MANY)
    )
    return list(await session.scalars(query))


async def _decide(session: AsyncSession, staff: Staff, approval_id: str, agree: bool, reason: str) -> Approval:
    try:
        approval = await approvals.decide(session, staff, approval_id, agree, datetime.now(UTC), reason)
    except ApprovalError as error:
        status, zh = _REFUSALS.get(error.code, (409, "现在不能执行，请核对后重试。"))
        said = str(error)
        raise StaffError(error.code, error.zh or zh, said[:1].upper() + said[1:] + ".", status, error.link) from None
    await session.commit()
    return approval
