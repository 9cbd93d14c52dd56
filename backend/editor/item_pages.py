"""One item: as residents see it, as a form, as YAML, with the lint while it is typed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.datastructures import FormData

from backend.console.pages import fragment, page
from backend.db.engine import Sessions, writing
from backend.deps import CurrentSessions, DbSession
from backend.editor import form
from backend.editor.bodies import Body, digest, from_yaml, loaded, to_yaml
from backend.editor.check import Checked
from backend.editor.choices import FIELD_KINDS
from backend.editor.diff import differences
from backend.editor.drafts import Conflict, Seen, body_to_edit, draft_of, item_of, save, version_of
from backend.editor.models import ContentItem, ContentSave
from backend.editor.shape import SECTIONS
from backend.editor.view import FILLED, Message, context, faults_beside, messages, names_of, rules_of
from backend.staff.access import needs
from backend.staff.roles import Permission, Staff
from content.read import Unreadable

MAX_BODY = 4 << 20  # bytes: a form of a package with all its texts
router = APIRouter(
    prefix="/console/editor/items", include_in_schema=False, dependencies=[FILLED], max_body_size=MAX_BODY
)

Viewer = Annotated[Staff, needs(Permission.VIEW)]
Editor = Annotated[Staff, needs(Permission.EDIT)]
_MAX_FIELDS = 20_000


@router.get("/{item_id}")
async def show(item_id: str, request: Request, staff: Viewer, session: DbSession, draft: str = "") -> HTMLResponse:
    """As residents will read it; with `draft` the change that is being worked on."""
    item = await item_of(session, staff, Permission.VIEW, item_id)
    version, change = await version_of(session, item), await draft_of(session, item)
    of_draft = change is not None and (bool(draft) or version is None)
    text = change.body if change is not None and of_draft else version.body if version else "{}"
    checked = await anyio.to_thread.run_sync(rules_of(request).check, item.item_id, loaded(text))
    return page(
        request,
        staff,
        "editor/show.html",
        service=checked.service,
        of_draft=of_draft,
        sections=SECTIONS,
        done=request.query_params.get("done", "")[:20],
        **await context(session, staff, item, "show"),
    )


@router.get("/{item_id}/edit")
async def edit(item_id: str, request: Request, staff: Editor, session: DbSession) -> HTMLResponse:
    item = await item_of(session, staff, Permission.EDIT, item_id)
    body, seen = await body_to_edit(session, item)
    return await _form(request, staff, session, item, body, seen)


@router.post("/{item_id}/edit", response_model=None)
async def keep(item_id: str, request: Request, staff: Editor, sessions: CurrentSessions) -> Response:
    """Save the form; with `act` also add, move or remove an entry."""
    posted = await _posted(request)
    async with sessions() as session:
        item = await item_of(session, staff, Permission.EDIT, item_id)
        before, seen = await _before(session, item, posted)
    deed = _one(posted, "act")
    body = form.act(form.apply(before, posted), deed)
    return await _keep(request, staff, sessions, item, before, body, seen, "edit", _opened(deed, body))


@router.get("/{item_id}/yaml")
async def expert(item_id: str, request: Request, staff: Viewer, session: DbSession) -> HTMLResponse:
    item = await item_of(session, staff, Permission.VIEW, item_id)
    body, seen = await body_to_edit(session, item)
    return await _yaml(request, staff, session, item, to_yaml(body), seen)


@router.post("/{item_id}/yaml", response_model=None)
async def keep_yaml(item_id: str, request: Request, staff: Editor, sessions: CurrentSessions) -> Response:
    """Save what was typed. What cannot be read as YAML is shown again with its line, not saved."""
    posted = await _posted(request)
    text = _one(posted, "yaml").replace("\r\n", "\n")
    async with sessions() as session:
        item = await item_of(session, staff, Permission.EDIT, item_id)
        before, seen = await _before(session, item, posted)
        try:
            body = from_yaml(text)
        except Unreadable:
            return await _yaml(request, staff, session, item, text, seen, status=422)
    body.setdefault("id", item.item_id)
    return await _keep(request, staff, sessions, item, before, body, seen, "yaml", "")


@router.post("/{item_id}/lint")
async def lint(item_id: str, request: Request, staff: Editor, sessions: CurrentSessions) -> HTMLResponse:
    """What the lint says of what is being typed; nothing is saved."""
    posted = await _posted(request)
    async with sessions() as session:
        item = await item_of(session, staff, Permission.EDIT, item_id)
        if "yaml" in posted:
            told = await _check_yaml(request, session, item, _one(posted, "yaml").replace("\r\n", "\n"))
        else:
            before, _ = await _before(session, item, posted)
            told = (await _check(request, session, item, form.apply(before, posted)))[1]
    return fragment(request, staff, "editor/lint.html", told=told, by_line="yaml" in posted)


# What was posted


async def _posted(request: Request) -> dict[str, list[str]]:
    data: FormData = await request.form(max_files=0, max_fields=_MAX_FIELDS, max_part_size=MAX_BODY)
    found: dict[str, list[str]] = {}
    for name, value in data.multi_items():
        found.setdefault(name, []).append(str(value))
    return found


def _one(posted: Mapping[str, list[str]], name: str) -> str:
    return posted.get(name, [""])[-1]


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


async def _before(session: DbSession, item: ContentItem, posted: Mapping[str, list[str]]) -> tuple[Body, Seen]:
    """The body the form was made from, whoever has saved since."""
    seen = Seen(_number(_one(posted, "revision")) or 0, _number(_one(posted, "base")))
    kept = await session.get(ContentSave, (_one(posted, "draft")[:40], seen.revision)) if seen.revision else None
    if kept is not None:
        return loaded(kept.body), seen
    if seen.base is not None and (version := await version_of(session, item, seen.base)) is not None:
        return loaded(version.body), seen
    return (await body_to_edit(session, item))[0], seen


def _opened(deed: str, body: Body) -> str:
    """Which entry is to be open after a deed on it."""
    move, _, path = deed.partition(":")
    if move == "add" and path:
        entries = form.get(body, path)
        return f"{path}.{len(entries) - 1}" if isinstance(entries, list) and entries else ""
    if move in ("up", "down") and path:
        parent, _, number = path.rpartition(".")
        return f"{parent}.{int(number) + (1 if move == 'down' else -1)}" if number.isdigit() else ""
    return path.rpartition(".")[0] if move == "remove" else ""


# Checking and showing


async def _check(request: Request, session: DbSession, item: ContentItem, body: Body) -> tuple[Checked, list[Message]]:
    checked = await anyio.to_thread.run_sync(rules_of(request).check, item.item_id, body)
    return checked, messages(body, checked, await faults_beside(session, item.item_id, checked))


async def _check_yaml(request: Request, session: DbSession, item: ContentItem, text: str) -> list[Message]:
    rules = rules_of(request)

    def check() -> tuple[Checked, Body]:
        try:
            body = from_yaml(text)
        except Unreadable:
            body = {}
        return rules.check_yaml(item.item_id, text, package=bool(body.get("package"))), body

    checked, body = await anyio.to_thread.run_sync(check)
    return messages(body, checked, await faults_beside(session, item.item_id, checked))


async def _form(
    request: Request, staff: Staff, session: DbSession, item: ContentItem, body: Body, seen: Seen
) -> HTMLResponse:
    told = (await _check(request, session, item, body))[1]
    at: dict[str, list[Message]] = {}
    for one in told:
        at.setdefault(one.at, []).append(one)
    return page(
        request,
        staff,
        "editor/edit.html",
        body=body,
        seen=seen,
        sections=SECTIONS,
        kinds={code: (zh, en) for code, zh, en in FIELD_KINDS},
        shown=form.shown,
        entries_of=form.entries_of,
        troubled=lambda path: any(not one.note and (one.at == path or one.at.startswith(f"{path}.")) for one in told),
        told=told,
        at=at,
        by_line=False,
        opened=request.query_params.get("open", "")[:100],
        done=request.query_params.get("done", "")[:20],
        **await context(session, staff, item, "edit"),
    )


async def _yaml(
    request: Request, staff: Staff, session: DbSession, item: ContentItem, text: str, seen: Seen, status: int = 200
) -> HTMLResponse:
    return page(
        request,
        staff,
        "editor/yaml.html",
        status=status,
        text=text,
        seen=seen,
        told=await _check_yaml(request, session, item, text),
        by_line=True,
        done=request.query_params.get("done", "")[:20],
        **await context(session, staff, item, "yaml"),
    )


# Saving


async def _keep(
    request: Request,
    staff: Staff,
    sessions: Sessions,
    item: ContentItem,
    before: Body,
    body: Body,
    seen: Seen,
    back: str,
    opened: str,
) -> Response:
    address = f"/console/editor/items/{item.item_id}/{back}"
    if seen.base is not None:
        body["version"] = before.get("version", seen.base)  # counted when it is published, not typed
    checked = await anyio.to_thread.run_sync(rules_of(request).check, item.item_id, body)
    if digest(checked.body(body)) == digest(before):
        return RedirectResponse(f"{address}?done=same", 303)
    at = datetime.now(UTC)
    async with writing(sessions) as session:
        held = await item_of(session, staff, Permission.EDIT, item.item_id, held=True)
        try:
            await save(session, staff, held, body, checked, seen, at)
        except Conflict as conflict:
            return await _conflict(request, staff, session, held, before, body, conflict)
        await session.commit()
    place = f"?done=saved&open={opened}#e-{opened}" if opened else "?done=saved"
    return RedirectResponse(address + place, 303)


async def _conflict(
    request: Request,
    staff: Staff,
    session: Any,
    item: ContentItem,
    before: Body,
    body: Body,
    conflict: Conflict,
) -> HTMLResponse:
    """Somebody was faster. Both stand side by side; what was typed here is in the page, to be saved on top."""
    theirs, seen = await body_to_edit(session, item)
    changed_by = conflict.draft.changed_by if conflict.draft is not None else ""
    return page(
        request,
        staff,
        "editor/conflict.html",
        status=409,
        seen=seen,
        changed_by=(await names_of(session, {changed_by}))[changed_by],
        theirs=differences(before, theirs),
        yours=differences(before, body),
        text=to_yaml(body),
        **await context(session, staff, item, "yaml"),
    )
