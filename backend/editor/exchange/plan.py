"""What an import would change: worked out before anything is written, and again when it is."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

import anyio.lowlevel
import anyio.to_thread
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db.engine import Sessions, writing
from backend.editor.bodies import Body, digest, loaded
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

_ID = re.compile(r"[a-z][a-z0-9-]{1,78}")
_CHUNK = 200


@dataclass(frozen=True)
class Current:
    """An item as it is. `body` None: it was never published."""

    item_id: str
    title: tuple[str, str]
    published: int | None
    has_draft: bool
    may_edit: bool
    body: str | None


@dataclass(frozen=True)
class Row:
    """One item that an import would change."""

    line: int
    item_id: str
    title: tuple[str, str]
    new: bool
    base: int | None
    body: Body
    checked: Checked
    differences: list[Difference]


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
    editable = set(
        await session.scalars(select(ContentItem.item_id).where(*matching(staff, ItemFilter(), Permission.EDIT)))
    )
    rows = await session.execute(
        select(ContentItem, ContentVersion.body)
        .outerjoin(
            ContentVersion,
            (ContentVersion.item_id == ContentItem.item_id) & (ContentVersion.number == ContentItem.published),
        )
        .where(*matching(staff, ItemFilter()))
    )
    return {
        item.item_id: Current(
            item.item_id,
            (item.title_zh or item.item_id, item.title_en or item.item_id),
            item.published,
            item.draft_id is not None,
            item.item_id in editable,
            body,
        )
        for item, body in rows
    }


def make_plan(table: Table, current: Mapping[str, Current], rules: Rules) -> Plan:
    """Blocking: seconds for 20,000 rows."""
    plan = Plan(faults=list(table.faults), ignored=table.ignored)
    if not table.rows:
        return plan
    by_code: dict[str, str] = {}
    bodies: dict[str, Body] = {}
    for one in current.values():
        if one.body is not None:
            body = bodies[one.item_id] = loaded(one.body)
            for code in (get(body, "codes.task_handle_item"), get(body, "codes.task_code")):
                if code:
                    by_code.setdefault(str(code), one.item_id)
    wanted: list[tuple[int, str, Body]] = []
    seen: dict[str, int] = {}
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
        body = copy.deepcopy(bodies.get(found, {"id": found, "version": 1}))
        faults = write_row(body, cells, table.columns)
        plan.faults += [FileFault(line, column, fault.zh, fault.en) for column, fault in faults]
        if not faults:
            wanted.append((line, found, body))
    for (line, item_id, body), checked in zip(
        wanted, rules.check_many((item_id, body) for _, item_id, body in wanted), strict=True
    ):
        _add(plan, line, current.get(item_id), bodies.get(item_id), item_id, checked.body(body), checked)
    plan.faults.sort(key=lambda fault: fault.line or 0)
    return plan


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


def _add(
    plan: Plan, line: int, current: Current | None, old: Body | None, item_id: str, body: Body, checked: Checked
) -> None:
    if old is not None and digest(old) == digest(body):
        plan.same += 1
        return
    title = current.title if current is not None else _title(body, item_id)
    plan.rows.append(
        Row(
            line,
            item_id,
            title,
            current is None,
            current.published if current is not None else None,
            body,
            checked,
            differences(old, body) if old is not None else [],
        )
    )


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
        await save(session, staff, item, row.body, row.checked, Seen(0, row.base), at, batch=batch)
    except (Conflict, StaffError):
        return False
    return True
