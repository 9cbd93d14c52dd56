"""`menkou content import|export`: the desk's store at the command line of its own machine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import select

from backend.command_line import actor
from backend.db.engine import Sessions, make_engine, make_sessions
from backend.db.migrate import migrate
from backend.editor.bodies import loaded
from backend.editor.check import Rules
from backend.editor.exchange.files import read_file, write_csv, write_json
from backend.editor.exchange.plan import Plan, apply_plan, current_items, make_plan
from backend.editor.items import ensure_filled
from backend.editor.models import ContentItem, ContentVersion
from backend.editor.settings import EditorSettings
from backend.regions.division import COUNTRY
from backend.settings import BackendSettings
from backend.staff.roles import Grant, Role, Staff

Result = TypeVar("Result")


@dataclass(frozen=True)
class Imported:
    """`made` None: it was only looked at."""

    plan: Plan
    made: int | None = None


def export_items(out: Path) -> int:
    """Everything published, as the ending of `out` says (.json, else CSV); how many."""
    texts = asyncio.run(_in_store(_published))
    bodies = (loaded(text) for text in texts)
    pieces: Iterator[bytes] = write_json(bodies) if out.suffix == ".json" else write_csv(bodies)
    with out.open("wb") as file:
        file.writelines(pieces)
    return len(texts)


def import_items(file: Path, *, apply: bool) -> Imported:
    """What a file would change; with `apply` every row without faults becomes a draft."""
    data = file.read_bytes()

    async def work(sessions: Sessions) -> Imported:
        staff = _myself()
        async with sessions() as session:
            current = await current_items(session, staff)
        plan = await asyncio.to_thread(lambda: make_plan(read_file(data), current, Rules(EditorSettings())))
        if not apply:
            return Imported(plan)
        _, made = await apply_plan(sessions, staff, plan, datetime.now(UTC))
        return Imported(plan, made)

    return asyncio.run(_in_store(work))


async def _published(sessions: Sessions) -> list[str]:
    async with sessions() as session:
        rows = await session.scalars(
            select(ContentVersion.body)
            .join(
                ContentItem,
                (ContentItem.item_id == ContentVersion.item_id) & (ContentItem.published == ContentVersion.number),
            )
            .order_by(ContentItem.row_order, ContentItem.item_id)
        )
        return list(rows)


def _myself() -> Staff:
    """Whoever may write to the database may edit everything; approving is left to people who sign in."""
    return Staff(actor(), actor(), (Grant(Role.EDITOR, COUNTRY),), via="command-line")


async def _in_store(work: Callable[[Sessions], Awaitable[Result]]) -> Result:
    """Embedded, the database is made or upgraded first."""
    settings = BackendSettings()
    settings.var_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = make_engine(settings.effective_database_url)
    try:
        if settings.environment == "embedded":
            await migrate(engine)
        sessions = make_sessions(engine)
        await ensure_filled(sessions, Rules(EditorSettings()))
        return await work(sessions)
    finally:
        await engine.dispose()
