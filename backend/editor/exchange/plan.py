"""What an import would change: worked out before anything is written, and again when it is."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

import anyio
import anyio.lowlevel
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db.engine import Sessions, writing
from backend.editor.bodies import Body, digest, loaded, stored
from backend.editor.check import Checked, Rules
from backend.editor.diff import Difference, differences
from backend.editor.drafts import Conflict, Seen, create, save
from backend.editor.exchange.fields import write_row
from backend.editor.exchange.files import FileFault, Table
from backend.editor.form import get
from backend.editor.items import ItemFilter, matching
from backend.editor.models import ContentItem, ContentVersion
from backend.staff.errors import StaffError
from backend.staff.roles import Permission, Staff
from content.lint.fault import Fault
from content.schema.service import Service

_ID = re.compile(r"[a-z][a-z0-9-]{1,78}")
_CHUNK = 200
_TASK_CODE = 31  # characters; a handling code has two more


@dataclass(frozen=True)
class Current:
    """An item as it is. `body` None: it was never published. Bodies are kept as text: 20,000 of them are many."""

    item_id: str
    title: tuple[str, str]
    code: str
    published: int | None
    has_draft: bool
    may_edit: bool
    body: str | None


@dataclass(frozen=True)
class Row:
    """One item that an import would change. `faults`: what the lint says; it can be imported all the same."""

    line: int
    item_id: str
    title: tuple[str, str]
    base: int | None
    old: str | None
    text: str
    faults: list[Fault]
    new: bool

    @property
    def body(self) -> Body:
        return loaded(self.text)

    @property
    def differences(self) -> list[Difference]:
        """Worked out when it is asked for."""
        return differences(loaded(self.old), self.body) if self.old is not None else []


@dataclass
class Plan:
    rows: list[Row] = field(default_factory=list)
    same: int = 0
    faults: list[FileFault] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    @property
    def new(self) -> int:
        return sum(row.new for row in self.rows)


async def current_items(session: AsyncSession, staff: Staff) -> dict[str, Current]:
    """Every item this person can see, by its id."""
    item = ContentItem
    where = matching(staff, ItemFilter(), Permission.EDIT)
    editable = set(await session.scalars(select(item.item_id).where(*where)))
    rows = await session.stream(
        select(
            item.item_id, item.title_zh, item.title_en, item.code, item.published, item.draft_id, ContentVersion.body
        )
        .outerjoin(ContentVersion, (ContentVersion.item_id == item.item_id) & (ContentVersion.number == item.published))
        .where(*matching(staff, ItemFilter()))
        .execution_options(yield_per=_CHUNK)
    )
    found: dict[str, Current] = {}
    async for name, zh, en, code, published, draft, body in rows:
        found[name] = Current(
            name, (zh or name, en or name), code, published, draft is not None, name in editable, body
        )
    return found


def make_plan(table: Table, current: Mapping[str, Current], rules: Rules) -> Plan:
    """Blocking: half a minute for 20,000 rows that all change something."""
    plan = Plan(faults=list(table.faults), ignored=table.ignored)
    by_code: dict[str, str] = {}
    for one in current.values():
        for code in (one.code, one.code[:_TASK_CODE]):
            by_code.setdefault(code, one.item_id)
    seen: dict[str, int] = {}
    changed = _changed(plan, table, current, by_code, seen)
    for (line, item_id, body), checked in rules.check_each(changed, lambda row: (row[1], row[2])):
        normal = checked.body(body)
        held = current.get(item_id)
        old = held.body if held is not None else None
        if old is not None and digest(loaded(old)) == digest(normal):
            plan.same += 1
            continue
        title = held.title if held is not None else _title(normal, item_id)
        base = held.published if held is not None else None
        plan.rows.append(Row(line, item_id, title, base, old, stored(normal), checked.faults, held is None))
    plan.faults.sort(key=lambda fault: fault.line or 0)
    return plan


def _changed(
    plan: Plan, table: Table, current: Mapping[str, Current], by_code: Mapping[str, str], seen: dict[str, int]
) -> Iterator[tuple[int, str, Body]]:
    """Rows that say something else than what is published, one after the other; the rest is noted in the plan."""
    for line, cells in table.rows:
        found = _which(line, cells, by_code, current)
        if isinstance(found, FileFault):
            plan.faults.append(found)
            continue
        if found in seen:
            zh, en = f"与第 {seen[found]} 行是同一事项（{found}）", f"is {found} again, as line {seen[found]}"
            plan.faults.append(FileFault(line, "", f"{zh}；请合并成一行", f"{en}; keep one of them"))
            continue
        seen[found] = line
        held = current.get(found)
        text = held.body if held is not None and held.body is not None else None
        body = loaded(text) if text is not None else {"id": found, "version": 1}
        faults = write_row(body, cells, table.columns)
        plan.faults += [FileFault(line, column, fault.zh, fault.en) for column, fault in faults]
        if faults:
            continue
        if text is not None and stored(body) == text:
            plan.same += 1
        else:
            yield line, found, body


def _which(
    line: int, cells: Mapping[str, object], by_code: Mapping[str, str], current: Mapping[str, Current]
) -> str | FileFault:
    """The item a row is about; a new one's id."""
    named = str(cells.get("menkou_id", "")).strip()
    codes = [str(cells.get(name, "")).strip() for name in ("task_handle_item", "task_code")]
    code = next((one for one in codes if one), "")
    if not named and not code:
        return FileFault(
            line,
            "task_code",
            "没有写是哪个事项；请填 task_code 或 menkou_id",
            "says no item; fill in task_code or menkou_id",
        )
    found = named or by_code.get(code) or f"item-{code.lower()}"
    if not _ID.fullmatch(found):
        zh = f"“{found[:40]}”不能作编号；用英文小写字母、数字和连字符"
        return FileFault(line, "menkou_id", zh, f"{found[:40]!r} is no id: use lower case letters, digits, hyphens")
    one = current.get(found)
    if one is not None and not one.may_edit:
        return FileFault(line, "", f"您不能修改 {found}", f"you may not change {found}")
    if one is not None and one.has_draft:
        return FileFault(
            line,
            "",
            f"{found} 有未完成的修改；请先发布或撤销它",
            f"{found} has an open change; publish or withdraw it first",
        )
    return found


def _title(body: Body, item_id: str) -> tuple[str, str]:
    return str(get(body, "title.zh") or item_id), str(get(body, "title.en") or item_id)


async def apply_plan(sessions: Sessions, staff: Staff, plan: Plan, at: datetime) -> tuple[str, int]:
    """Every row becomes a draft; the batch's name and how many there are. What somebody has begun to change meanwhile
    is left alone."""
    batch, made = uuid4().hex, 0
    for start in range(0, len(plan.rows), _CHUNK):
        async with writing(sessions) as session:
            for row in plan.rows[start : start + _CHUNK]:
                made += await _draft(session, staff, row, batch, at)
            await session.commit()
        await anyio.lowlevel.checkpoint()  # others have their turn at the database
    return batch, made


async def _draft(session: AsyncSession, staff: Staff, row: Row, batch: str, at: datetime) -> bool:
    item = await session.get(ContentItem, row.item_id, with_for_update=True)
    try:
        if item is None:
            item = await create(session, row.item_id, at)
        elif row.new or item.draft_id is not None:
            return False
        body = row.body
        await save(session, staff, item, body, _checked(body, row), Seen(0, row.base), at, batch=batch)
    except (Conflict, StaffError):
        return False
    return True


def _checked(body: Body, row: Row) -> Checked:
    """The lint has judged this body already; what it found is kept, the service is read again where it is wanted."""
    service = None
    if row.new:
        with contextlib.suppress(ValidationError):
            service = Service.model_validate(body)
    return Checked(service, row.faults)
