"""Four eyes over drafts: submitted together, decided together. Who has written any of it does not approve it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.editor.check import Checked
from backend.editor.drafts import stale
from backend.editor.models import ContentDraft, ContentItem, ContentVersion, DraftState
from backend.staff import approvals
from backend.staff.approvals import Approval, ApprovalError, ApprovalState
from backend.staff.audit import record
from backend.staff.errors import StaffError
from backend.staff.roles import Permission, Staff

PUBLISH = "content.publish"
PATIENCE = timedelta(days=14)  # nobody is in a hurry, and there are holidays


async def submit(
    session: AsyncSession,
    staff: Staff,
    chosen: Sequence[tuple[ContentItem, ContentDraft, Checked]],
    note: str,
    at: datetime,
) -> Approval:
    """Ask for a second pair of eyes on these drafts. `checked`: of their bodies as they are. Raises StaffError where
    the lint has faults, a draft is not open, or its base is not in force any more."""
    for item, draft, checked in chosen:
        if draft.state != DraftState.DRAFT:
            raise StaffError("not-open", "这份修改已提交。", "This change was submitted already.")
        if checked.faults or checked.service is None:
            raise StaffError(
                "faults",
                f"{item.title_zh or item.item_id} 还有 {len(checked.faults)} 处问题，改正后才能提交。",
                f"{item.title_en or item.item_id} has {len(checked.faults)} faults; mend them first.",
                422,
            )
        if draft.base != item.published:
            raise stale(item)
    if not chosen:
        raise StaffError("nothing", "没有可以提交的修改。", "There is nothing to submit.", 422)
    first = chosen[0][0]
    many = len(chosen) > 1
    title = f"{first.title_zh or first.item_id}" + (f" 等 {len(chosen)} 项" if many else "")
    approval = await approvals.request(
        session,
        staff,
        PUBLISH,
        "items:" + chosen[0][1].batch if many else f"item:{first.item_id}",
        (first.region_code or staff.home) if not many else staff.home,
        {"title": title, "item": "" if many else first.item_id},
        note.strip(),
        at,
    )
    for item, draft, _ in chosen:
        draft.state = DraftState.SUBMITTED.value
        draft.submission, draft.note, draft.answer = approval.approval_id, note.strip()[:300], ""
        if item.draft_id == draft.draft_id:
            item.draft_state = draft.state
    await session.flush()
    return approval


async def decide(
    session: AsyncSession, staff: Staff, draft: ContentDraft, agree: bool, reason: str, at: datetime
) -> None:
    """Approve, or send back with a reason. Raises StaffError."""
    if not agree and not reason.strip():
        raise StaffError("reason", "退回时请写明原因。", "Say why you send it back.", 422)
    try:
        await approvals.decide(session, staff, draft.submission, agree, at, reason)
    except ApprovalError as error:
        zh, status = _REFUSALS.get(error.code, ("现在不能审核。", 409))
        raise StaffError(error.code, zh, str(error).capitalize() + ".", status) from None


_REFUSALS = {
    "not-found": ("没有这个申请。", 404),
    "not-allowed": ("您不能审核这个申请。", 403),
    "own-request": ("自己写的修改须由他人审核。", 403),
    "decided": ("这个申请已经处理。", 409),
    "expired": ("这个申请已过期，请重新提交。", 409),
}


async def retract(session: AsyncSession, staff: Staff, draft: ContentDraft, at: datetime) -> None:
    """Whoever wrote it takes it back before it is decided."""
    approval = await session.get(Approval, draft.submission, with_for_update=True) if draft.submission else None
    if approval is None or approval.state != ApprovalState.OPEN:
        raise StaffError("decided", "这个申请已经处理。", "This request is decided already.")
    approval.state = ApprovalState.REFUSED.value
    approval.decided_by, approval.decided_at, approval.decided_reason = staff.staff_id, at, "撤回 withdrawn"
    await _set_aside(session, approval)
    await record(session, staff.staff_id, f"{PUBLISH}.withdraw", approval.subject, at, region_code=approval.region_code)


async def restore(
    session: AsyncSession,
    staff: Staff,
    item: ContentItem,
    version: ContentVersion,
    checked: Checked,
    reason: str,
    at: datetime,
) -> ContentDraft:
    """Roll back: a version's body becomes a change of its own, submitted at once. An open draft stays as it is."""
    if version.number == item.published:
        raise StaffError("in-force", "这就是现行版本。", "This version is in force.", 422)
    if not reason.strip():
        raise StaffError("reason", "请写明回退的原因。", "Say why you roll back.", 422)
    waiting = await session.scalar(
        select(ContentDraft.draft_id).where(
            ContentDraft.item_id == item.item_id,
            ContentDraft.restores.is_not(None),
            ContentDraft.state.in_((DraftState.SUBMITTED.value, DraftState.APPROVED.value)),
        )
    )
    if waiting is not None:
        raise StaffError("waiting", "已有一次回退在等待审核或发布。", "A roll back waits already.")
    draft = ContentDraft(
        draft_id=uuid4().hex,
        item_id=item.item_id,
        state=DraftState.DRAFT.value,
        base=item.published,
        revision=1,
        body=version.body,
        faults=len(checked.faults),
        authors=[staff.staff_id],
        created_at=at,
        changed_by=staff.staff_id,
        changed_at=at,
        batch="",
        restores=version.number,
    )
    session.add(draft)
    await submit(session, staff, [(item, draft, checked)], reason, at)
    return draft


async def roll_back_of(session: AsyncSession, item: ContentItem) -> ContentDraft | None:
    """One that waits to be decided or published."""
    found: ContentDraft | None = await session.scalar(
        select(ContentDraft)
        .where(
            ContentDraft.item_id == item.item_id,
            ContentDraft.restores.is_not(None),
            ContentDraft.state.in_((DraftState.SUBMITTED.value, DraftState.APPROVED.value)),
        )
        .limit(1)
    )
    return found


async def schedule(
    session: AsyncSession, staff: Staff, item: ContentItem, draft: ContentDraft, when: datetime | None, at: datetime
) -> None:
    """Publish by itself at that moment; None: only when somebody says so."""
    if draft.state != DraftState.APPROVED:
        raise StaffError("not-approved", "还没有通过审核。", "It is not approved yet.")
    if when is not None and when <= at:
        raise StaffError("past", "发布时间须在将来。", "The time must lie ahead.", 422)
    draft.scheduled_at = when
    detail = {"draft": draft.draft_id, "at": when.isoformat() if when else ""}
    subject = f"item:{item.item_id}"
    await record(session, staff.staff_id, "content.schedule", subject, at, region_code=item.region_code, detail=detail)


async def _carry_out(session: AsyncSession, approval: Approval) -> None:
    drafts = await _submitted(session, approval)
    if any(approval.decided_by in draft.authors for draft in drafts):
        raise ApprovalError("own-request", "somebody else has to agree to what you have written")
    for draft in drafts:
        draft.state, draft.approved_by = DraftState.APPROVED.value, approval.decided_by or ""
        await _tell_item(session, draft)


async def _set_aside(session: AsyncSession, approval: Approval) -> None:
    """Back to its authors; a roll back has none who would go on with it."""
    for draft in await _submitted(session, approval):
        over = draft.restores is not None
        draft.state = (DraftState.WITHDRAWN if over else DraftState.DRAFT).value
        draft.answer = approval.decided_reason or "逾期未审核 not decided in time"
        draft.submission = ""
        await _tell_item(session, draft)


async def _submitted(session: AsyncSession, approval: Approval) -> list[ContentDraft]:
    found = await session.scalars(
        select(ContentDraft).where(
            ContentDraft.submission == approval.approval_id, ContentDraft.state == DraftState.SUBMITTED.value
        )
    )
    return list(found)


async def _tell_item(session: AsyncSession, draft: ContentDraft) -> None:
    item = await session.get(ContentItem, draft.item_id)
    if item is not None and item.draft_id == draft.draft_id:
        item.draft_state = draft.state


approvals.register(PUBLISH, _carry_out, set_aside=_set_aside, permission=Permission.RELEASE, patience=PATIENCE)
