"""An item's way to the kiosks: differences, submit, decide, schedule, publish; its history and the way back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy import select

from backend.console.pages import page
from backend.db.engine import writing
from backend.deps import CurrentSessions, DbSession
from backend.editor.bodies import loaded
from backend.editor.diff import differences
from backend.editor.drafts import draft_of, item_of, not_found, rebase, version_of, withdraw
from backend.editor.models import ContentDraft, ContentItem, ContentVersion
from backend.editor.packs import publish_now
from backend.editor.review import decide, restore, retract, roll_back_of, schedule, submit
from backend.editor.shape import SECTIONS
from backend.editor.view import FILLED, context, faults_beside, names_of, rules_of
from backend.staff.access import needs
from backend.staff.errors import StaffError
from backend.staff.roles import Permission, Staff
from content.calendar import LOCAL

router = APIRouter(prefix="/console/editor/items", include_in_schema=False, dependencies=[FILLED])

Viewer = Annotated[Staff, needs(Permission.VIEW)]
Editor = Annotated[Staff, needs(Permission.EDIT)]
Publisher = Annotated[Staff, needs(Permission.RELEASE)]
Reason = Annotated[str, Form(max_length=300)]
Which = Annotated[str, Form(max_length=40)]


@router.get("/{item_id}/diff")
async def diff(
    item_id: str, request: Request, staff: Viewer, session: DbSession, before: str = "", after: str = ""
) -> HTMLResponse:
    """A change against what is published; with numbers, one version against another; `after=back`: the roll back."""
    item = await item_of(session, staff, Permission.VIEW, item_id)
    change = await (roll_back_of if after == "back" else draft_of)(session, item)
    old = await version_of(session, item, _number(before) if before else None)
    new = await version_of(session, item, _number(after)) if after and after != "back" else None
    text = new.body if new else change.body if change else old.body if old else "{}"
    if change is not None and new is None and not before and change.base is not None:
        old = await version_of(session, item, change.base)
    return page(
        request,
        staff,
        "editor/diff.html",
        old=old,
        new=new,
        change=change if new is None else None,
        found=await anyio.to_thread.run_sync(differences, loaded(old.body) if old else {}, loaded(text)),
        **await context(session, staff, item, "diff"),
    )


@router.post("/{item_id}/submit")
async def send(item_id: str, request: Request, staff: Editor, sessions: CurrentSessions, note: Reason = "") -> Response:
    async with sessions() as session:
        item = await item_of(session, staff, Permission.EDIT, item_id)
        draft = _needed(await draft_of(session, item))
    checked = await anyio.to_thread.run_sync(rules_of(request).check, item_id, loaded(draft.body))
    async with writing(sessions) as session:
        item = await item_of(session, staff, Permission.EDIT, item_id, held=True)
        fresh = _needed(await draft_of(session, item))
        if fresh.revision != draft.revision:
            raise StaffError("changed", "刚刚有人又改了，请先看一看。", "Somebody has just changed it: look first.")
        if beside := await faults_beside(session, item_id, checked):
            raise StaffError("faults", beside[0][1], beside[0][2], 422)
        await submit(session, staff, [(item, fresh, checked)], note, datetime.now(UTC))
        await session.commit()
    return _back(item_id, "submitted")


@router.post("/{item_id}/decide")
async def judge(
    item_id: str,
    request: Request,
    staff: Publisher,
    session: DbSession,
    decision: Annotated[str, Form(max_length=10)] = "",
    draft_id: Which = "",
    reason: Reason = "",
) -> Response:
    item = await item_of(session, staff, Permission.RELEASE, item_id, held=True)
    if decision not in ("agree", "refuse"):
        raise StaffError("decision", "请选择通过或退回。", "Approve it or send it back.", 422)
    await decide(session, staff, await _change(session, item, draft_id), decision == "agree", reason, datetime.now(UTC))
    await session.commit()
    return _back(item_id, "approved" if decision == "agree" else "refused")


@router.post("/{item_id}/retract")
async def take_back(item_id: str, staff: Editor, session: DbSession, draft_id: Which = "") -> Response:
    """Before it is decided: a draft again. Before it is published: given up for good, its saves are kept."""
    item = await item_of(session, staff, Permission.EDIT, item_id, held=True)
    draft = await _change(session, item, draft_id)
    if draft.state == "submitted":
        await retract(session, staff, draft, datetime.now(UTC))
        done = "retracted"
    else:
        await withdraw(session, staff, item, datetime.now(UTC))
        done = "withdrawn"
    await session.commit()
    return _back(item_id, done)


@router.post("/{item_id}/rebase")
async def on_top(item_id: str, staff: Editor, session: DbSession) -> Response:
    """The change goes on top of what was published meanwhile."""
    item = await item_of(session, staff, Permission.EDIT, item_id, held=True)
    await rebase(session, staff, item, datetime.now(UTC))
    await session.commit()
    return RedirectResponse(f"/console/editor/items/{item_id}/diff", 303)


@router.post("/{item_id}/schedule")
async def plan(
    item_id: str,
    staff: Publisher,
    session: DbSession,
    at: Annotated[str, Form(max_length=30)] = "",
    draft_id: Which = "",
) -> Response:
    """`at`: China's time; nothing: not by itself."""
    item = await item_of(session, staff, Permission.RELEASE, item_id, held=True)
    try:
        when = datetime.fromisoformat(at).replace(tzinfo=LOCAL).astimezone(UTC) if at else None
    except (ValueError, OverflowError):
        raise StaffError("time", "请写明日期和时间。", "Give a date and a time.", 422) from None
    await schedule(session, staff, item, await _change(session, item, draft_id), when, datetime.now(UTC))
    await session.commit()
    return _back(item_id, "scheduled")


@router.post("/{item_id}/publish")
async def bring_out(
    item_id: str, request: Request, staff: Publisher, session: DbSession, draft_id: Which = ""
) -> Response:
    """Into force at the desk, and into the next pack for the kiosks."""
    item = await item_of(session, staff, Permission.RELEASE, item_id, held=True)
    draft = await _change(session, item, draft_id)
    await publish_now(session, staff.staff_id, [draft], draft.note, datetime.now(UTC))
    await session.commit()
    request.app.state.jobs.wake("content-packs")
    return _back(item_id, "published")


@router.get("/{item_id}/history")
async def history(item_id: str, request: Request, staff: Viewer, session: DbSession) -> HTMLResponse:
    item = await item_of(session, staff, Permission.VIEW, item_id)
    versions = list(
        await session.scalars(
            select(ContentVersion)
            .where(ContentVersion.item_id == item.item_id)
            .order_by(ContentVersion.number.desc())
            .limit(200)
        )
    )
    drafts = list(
        await session.scalars(
            select(ContentDraft)
            .where(ContentDraft.item_id == item.item_id)
            .order_by(ContentDraft.changed_at.desc())
            .limit(50)
        )
    )
    shared = await context(session, staff, item, "history")
    people = {name for one in versions for name in (one.by, one.approved_by)} | {one.changed_by for one in drafts}
    shared["people"] |= await names_of(session, people - {""})
    return page(request, staff, "editor/history.html", versions=versions, drafts=drafts, **shared)


@router.get("/{item_id}/versions/{number}")
async def version(item_id: str, number: int, request: Request, staff: Viewer, session: DbSession) -> HTMLResponse:
    """An old version as residents saw it."""
    item = await item_of(session, staff, Permission.VIEW, item_id)
    found = await _version(session, item, number)
    checked = await anyio.to_thread.run_sync(rules_of(request).check, item.item_id, loaded(found.body))
    return page(
        request,
        staff,
        "editor/version.html",
        version=found,
        service=checked.service,
        sections=SECTIONS,
        **await context(session, staff, item, "history"),
    )


@router.post("/{item_id}/versions/{number}/restore")
async def roll_back(
    item_id: str, number: int, request: Request, staff: Editor, sessions: CurrentSessions, reason: Reason = ""
) -> Response:
    """Take an old version up again: submitted at once, and published like any other change."""
    async with sessions() as session:
        item = await item_of(session, staff, Permission.EDIT, item_id)
        found = await _version(session, item, number)
    checked = await anyio.to_thread.run_sync(rules_of(request).check, item_id, loaded(found.body))
    async with writing(sessions) as session:
        item = await item_of(session, staff, Permission.EDIT, item_id, held=True)
        await restore(session, staff, item, found, checked, reason, datetime.now(UTC))
        await session.commit()
    return _back(item_id, "submitted")


async def _version(session: DbSession, item: ContentItem, number: int) -> ContentVersion:
    found = await version_of(session, item, max(0, min(number, 2**31 - 1)))
    if found is None:
        raise not_found()
    return found


async def _change(session: DbSession, item: ContentItem, draft_id: str) -> ContentDraft:
    """The item's open draft, or the roll back of that id."""
    draft = await session.get(ContentDraft, draft_id) if draft_id else await draft_of(session, item)
    if draft is not None and draft.item_id != item.item_id:
        raise not_found()
    return _needed(draft)


def _needed(draft: ContentDraft | None) -> ContentDraft:
    if draft is None:
        raise StaffError("no-draft", "没有在办的修改。", "There is no change.")
    return draft


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _back(item_id: str, done: str) -> Response:
    return RedirectResponse(f"/console/editor/items/{item_id}?done={done}", 303)
