"""Import with a look at what it would change first, and export."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import anyio.to_thread
from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse
from sqlalchemy import select

from backend.console.pages import page
from backend.deps import CurrentSessions
from backend.editor.bodies import loaded
from backend.editor.exchange.files import MAX_BYTES, read_file, write_csv, write_json
from backend.editor.exchange.plan import Plan, apply_plan, current_items, make_plan
from backend.editor.items import ItemFilter, matching
from backend.editor.models import ContentItem, ContentVersion
from backend.editor.view import FILLED, rules_of
from backend.staff.access import needs
from backend.staff.errors import StaffError
from backend.staff.roles import Permission, Staff

router = APIRouter(
    prefix="/console/editor", include_in_schema=False, dependencies=[FILLED], max_body_size=MAX_BYTES + 4096
)

Viewer = Annotated[Staff, needs(Permission.VIEW)]
Editor = Annotated[Staff, needs(Permission.EDIT)]
TITLE = ("导入事项", "Import")
_NAME = re.compile(r"[0-9a-f]{32}")
_KEPT_S = 24 * 3600  # a file between its preview and its import
_SHOWN = 200


@router.get("/import")
async def ask(request: Request, staff: Editor) -> HTMLResponse:
    return page(request, staff, "editor/import.html", title=TITLE, nav="editor", plan=None, file="", shown=_SHOWN)


@router.post("/import")
async def look(
    request: Request, staff: Editor, sessions: CurrentSessions, file: Annotated[UploadFile | None, File()] = None
) -> HTMLResponse:
    """What the file would change. It is kept for a day, to be imported as it was seen."""
    data = await file.read() if file is not None else b""
    if not data:
        raise StaffError("file", "请选择文件。", "Choose a file.", 422)
    folder, name = _folder(request), uuid4().hex
    await anyio.to_thread.run_sync(_keep, folder, name, data)
    plan = await _plan(request, staff, sessions, data)
    return page(
        request,
        staff,
        "editor/import.html",
        title=TITLE,
        nav="editor",
        plan=plan,
        file=name,
        shown=_SHOWN,
        status=200 if plan.rows or not plan.faults else 422,
    )


@router.post("/import/apply")
async def take(
    request: Request,
    staff: Editor,
    sessions: CurrentSessions,
    file: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Everything without faults becomes a draft. Worked out again: others may have changed things."""
    path = _folder(request) / file
    if not _NAME.fullmatch(file) or not await anyio.to_thread.run_sync(path.is_file):
        raise StaffError("file", "这份文件已不在，请重新上传。", "The file is gone: bring it again.", 404)
    plan = await _plan(request, staff, sessions, await anyio.to_thread.run_sync(path.read_bytes))
    batch, made = await apply_plan(sessions, staff, plan, datetime.now(UTC))
    await anyio.to_thread.run_sync(path.unlink, True)
    return RedirectResponse(f"/console/editor?batch={batch}&done=imported&count={made}", 303)


@router.get("/export")
async def export(request: Request, staff: Viewer, sessions: CurrentSessions) -> StreamingResponse:
    """What is published and fits the filter; `format`: csv or json."""
    wanted = ItemFilter.of(request.query_params)
    as_json = request.query_params.get("format") == "json"
    day = f"{datetime.now(UTC):%Y%m%d}"
    headers = {
        "Content-Disposition": f'attachment; filename="menkou-items-{day}.{"json" if as_json else "csv"}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    media_type = "application/json" if as_json else "text/csv; charset=utf-8"
    return StreamingResponse(_lines(sessions, staff, wanted, as_json), media_type=media_type, headers=headers)


async def _lines(sessions: CurrentSessions, staff: Staff, wanted: ItemFilter, as_json: bool) -> AsyncIterator[bytes]:
    async with sessions() as session:
        texts = list(
            await session.scalars(
                select(ContentVersion.body)
                .join(
                    ContentItem,
                    (ContentItem.item_id == ContentVersion.item_id) & (ContentItem.published == ContentVersion.number),
                )
                .where(*matching(staff, wanted))
                .order_by(ContentItem.row_order, ContentItem.item_id)
            )
        )
    pieces: Iterator[bytes] = (write_json if as_json else write_csv)(loaded(text) for text in texts)
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece


async def _plan(request: Request, staff: Staff, sessions: CurrentSessions, data: bytes) -> Plan:
    rules = rules_of(request)
    async with sessions() as session:
        current = await current_items(session, staff)
    return await anyio.to_thread.run_sync(lambda: make_plan(read_file(data), current, rules))


def _folder(request: Request) -> Path:
    folder: Path = request.app.state.editor_dir / "imports"
    return folder


def _keep(folder: Path, name: str, data: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for old in folder.iterdir():
        if old.stat().st_mtime < time.time() - _KEPT_S:
            old.unlink(missing_ok=True)
    (folder / name).write_bytes(data)
