"""Finding items, making new ones, and what was handed to the keepers of the keys."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import parse_qsl

import anyio.to_thread
from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy import select

from backend.console.pages import fragment, page
from backend.db.engine import writing
from backend.deps import CurrentSessions, DbSession
from backend.editor.bodies import loaded
from backend.editor.check import Checked
from backend.editor.choices import JOURNEYS
from backend.editor.drafts import Seen, create, item_of, save, version_of
from backend.editor.items import ItemFilter, departments, matching, search
from backend.editor.models import ContentDraft, ContentItem, ContentRelease, DraftState
from backend.editor.packs import publish_now
from backend.editor.review import submit
from backend.editor.view import FILLED, STATE_WORDS, faults_beside, names_of, rules_of
from backend.staff.access import needs
from backend.staff.errors import StaffError
from backend.staff.roles import Permission, Staff
from backend.tuf_desk.service import take_targets
from content.signing.roles import SigningFault

router = APIRouter(prefix="/console/editor", include_in_schema=False, dependencies=[FILLED])

Viewer = Annotated[Staff, needs(Permission.VIEW)]
Editor = Annotated[Staff, needs(Permission.EDIT)]
Publisher = Annotated[Staff, needs(Permission.RELEASE)]

TITLE = ("服务事项", "Services")
_ID = re.compile(r"[a-z][a-z0-9-]{1,78}")
_AT_ONCE = 20_000  # drafts that are submitted or published together


@router.get("")
async def show(request: Request, staff: Viewer, session: DbSession, sessions: CurrentSessions) -> HTMLResponse:
    """A page of the items; only the list itself if htmx asks for it."""
    wanted = ItemFilter.of(request.query_params)
    found = await search(session, staff, wanted)
    context: dict[str, Any] = {"wanted": wanted, "found": found, "states": STATE_WORDS, "journeys": JOURNEYS}
    if request.headers.get("hx-target") == "list":
        return fragment(request, staff, "editor/rows.html", **context)
    return page(
        request,
        staff,
        "editor/list.html",
        title=TITLE,
        nav="editor",
        departments=await departments(session),
        done=request.query_params.get("done", "")[:20],
        count=request.query_params.get("count", "")[:6],
        **context,
    )


@router.get("/new")
async def new(request: Request, staff: Editor, session: DbSession, like: str = "") -> HTMLResponse:
    return page(
        request, staff, "editor/new.html", title=("新建事项", "New item"), nav="editor", like=like[:80], item_id="",
        problem=None,
    )  # fmt: skip


@router.post("/new", response_model=None)
async def make(
    request: Request,
    staff: Editor,
    sessions: CurrentSessions,
    item_id: Annotated[str, Form(max_length=80)] = "",
    like: Annotated[str, Form(max_length=80)] = "",
) -> Response:
    """A draft that begins as a copy of another item, without its codes: those are each item's own."""
    item_id, like = item_id.strip(), like.strip()
    rules = rules_of(request)
    try:
        if not _ID.fullmatch(item_id):
            raise StaffError(
                "id",
                "编号用英文小写字母、数字和连字符，以字母开头。",
                "An id has lower case letters, digits and hyphens, and begins with a letter.",
                422,
            )
        async with sessions() as session:
            source = await item_of(session, staff, Permission.VIEW, like)
            version = await version_of(session, source)
        if version is None:
            raise StaffError("like", "请从已发布的事项复制。", "Copy a published item.", 422)
        body = loaded(version.body) | {"id": item_id, "version": 1}
        body.pop("codes", None)
        checked = await anyio.to_thread.run_sync(rules.check, item_id, body)
        at = datetime.now(UTC)
        async with writing(sessions) as session:
            item = await create(session, item_id, at)
            await save(session, staff, item, body, checked, Seen(0, None), at)
            await session.commit()
    except StaffError as error:
        return page(
            request, staff, "editor/new.html", title=("新建事项", "New item"), nav="editor", status=422, like=like,
            item_id=item_id, problem=(error.zh, error.en),
        )  # fmt: skip
    return RedirectResponse(f"/console/editor/items/{item_id}/edit", 303)


@router.post("/batch", response_model=None)
async def together(
    request: Request,
    staff: Viewer,
    sessions: CurrentSessions,
    deed: Annotated[str, Form(max_length=20)] = "",
    query: Annotated[str, Form(max_length=1000)] = "",
    note: Annotated[str, Form(max_length=300)] = "",
) -> Response:
    """Submit every change of a list that has no faults, or publish everything in it that is approved."""
    wanted = ItemFilter.of(dict(parse_qsl(query)))
    if deed == "submit" and staff.may_anywhere(Permission.EDIT):
        count = await _submit_all(request, staff, sessions, wanted, note)
    elif deed == "publish" and staff.may_anywhere(Permission.RELEASE):
        count = await _publish_all(request, staff, sessions, wanted, note)
    elif deed in ("submit", "publish"):
        raise StaffError("not-allowed", "您没有这个权限。", "You may not do that.", 403)
    else:
        raise StaffError("deed", "没有这项操作。", "There is no such deed.", 422)
    return RedirectResponse(f"/console/editor?done={deed}&count={count}", 303)


async def _submit_all(request: Request, staff: Staff, sessions: CurrentSessions, wanted: ItemFilter, note: str) -> int:
    rules = rules_of(request)
    async with sessions() as session:
        rows = await _drafts(session, staff, wanted, DraftState.DRAFT, Permission.EDIT)

    def check_all() -> list[Checked]:
        each = rules.check_each(rows, lambda row: (row[0].item_id, loaded(row[1].body)))
        return [checked for _, checked in each]

    checked = await anyio.to_thread.run_sync(check_all)
    async with writing(sessions) as session:
        chosen = []
        for (item, draft), one in zip(rows, checked, strict=True):
            fresh = await session.get_one(ContentDraft, draft.draft_id)
            held = await session.get_one(ContentItem, item.item_id)
            unchanged = fresh.revision == draft.revision and fresh.state == DraftState.DRAFT
            sound = not one.faults and not await faults_beside(session, item.item_id, one)
            if unchanged and sound and fresh.base == held.published:
                chosen.append((held, fresh, one))
        await submit(session, staff, chosen, note, datetime.now(UTC))
        await session.commit()
    return len(chosen)


async def _publish_all(request: Request, staff: Staff, sessions: CurrentSessions, wanted: ItemFilter, note: str) -> int:
    async with writing(sessions) as session:
        rows = await _drafts(session, staff, wanted, DraftState.APPROVED, Permission.RELEASE)
        ready = [draft for item, draft in rows if draft.base == item.published]
        if not ready:
            raise StaffError("nothing", "没有可以发布的修改。", "There is nothing to publish.", 422)
        await publish_now(session, staff.staff_id, ready, note, datetime.now(UTC))
        await session.commit()
    request.app.state.jobs.wake("content-packs")
    return len(ready)


async def _drafts(
    session: DbSession, staff: Staff, wanted: ItemFilter, state: DraftState, permission: Permission
) -> list[tuple[ContentItem, ContentDraft]]:
    query = (
        select(ContentItem, ContentDraft)
        .join(ContentDraft, ContentDraft.draft_id == ContentItem.draft_id)
        .where(*matching(staff, wanted, permission), ContentDraft.state == state.value)
        .order_by(ContentItem.row_order, ContentItem.item_id)
        .limit(_AT_ONCE)
    )
    return [(item, draft) for item, draft in await session.execute(query)]


@router.get("/releases")
async def releases(request: Request, staff: Viewer, session: DbSession) -> HTMLResponse:
    """Packs that were built, those that wait for signatures, and those that could not be built."""
    rows = list(await session.scalars(select(ContentRelease).order_by(ContentRelease.requested_at.desc()).limit(100)))
    state = await anyio.to_thread.run_sync(request.app.state.tuf.state)
    signed = state.targets.signed.targets if state.targets is not None else {}
    return page(
        request,
        staff,
        "editor/releases.html",
        title=("内容版本", "Content versions"),
        nav="editor",
        rows=rows,
        waiting=[one.version for one in state.waiting],
        signed={path.split("/")[1] for path in signed},
        people=await names_of(session, {row.requested_by for row in rows}),
        done=request.query_params.get("done", "")[:20],
    )


@router.post("/signed")
async def hand_in(
    request: Request, staff: Publisher, session: DbSession, file: Annotated[UploadFile | None, File()] = None
) -> Response:
    """What the keepers of the keys have signed: it can be rolled out from now on."""
    data = await file.read() if file is not None else b""
    try:
        entered = await take_targets(session, request.app.state.tuf, data, staff.staff_id, datetime.now(UTC))
    except SigningFault as fault:
        raise StaffError("signing", f"没有收下：{fault}", f"Not taken: {fault}", 422) from None
    return RedirectResponse(f"/console/editor/releases?done={'signed' if entered else 'known'}", 303)
