"""The audit log for people who may read it: page, JSON and CSV. Nothing here changes or deletes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel
from sqlalchemy import Select, or_, select

from backend.console.exports import csv_response
from backend.console.pages import page
from backend.deps import CurrentSessions, DbSession
from backend.regions.division import COUNTRY, is_code, span_of
from backend.staff.access import STAFF_API, needs, within
from backend.staff.audit import AuditEntry
from backend.staff.errors import StaffError
from backend.staff.roles import Permission, Staff

pages = APIRouter(prefix="/console/audit", tags=["console: audit"], include_in_schema=False)
api = APIRouter(prefix=f"{STAFF_API}/audit", tags=["audit"])

TITLE = ("审计", "Audit")
MANY = 100  # rows of a page
EXPORTED = 200_000  # rows of a file
_SHANGHAI = ZoneInfo("Asia/Shanghai")
Auditor = Annotated[Staff, needs(Permission.AUDIT)]


class AuditBody(BaseModel):
    number: int
    at: datetime
    actor: str
    action: str
    subject: str
    region_code: str
    detail: dict[str, Any]
    previous: str
    hash: str


@dataclass(frozen=True)
class Filters:
    """`since` and `until` are days in China, both included; `before`: entries with a smaller number."""

    actor: str
    action: str
    subject: str
    region: str
    since: str
    until: str
    before: int | None


def _filters(
    actor: Annotated[str, Query(max_length=80)] = "",
    action: Annotated[str, Query(max_length=60, description="or how it begins")] = "",
    subject: Annotated[str, Query(max_length=120)] = "",
    region: Annotated[str, Query(max_length=12, description="a division code, all below it included")] = "",
    since: Annotated[str, Query(max_length=10, description="a day, YYYY-MM-DD")] = "",
    until: Annotated[str, Query(max_length=10)] = "",
    before: Annotated[int | None, Query(ge=0, le=2**53)] = None,
) -> Filters:
    if region and not is_code(region):
        raise StaffError("region", "区划代码为十二位数字。", "A region's code has twelve digits.", 422)
    return Filters(actor.strip(), action.strip(), subject.strip(), region, since, until, before)


WantedFilters = Annotated[Filters, Depends(_filters)]


@api.get("")
async def list_entries(staff: Auditor, session: DbSession, filters: WantedFilters) -> list[AuditBody]:
    """The newest first, 100 at a time; go on with `before`."""
    rows = await session.scalars(_query(staff, filters).limit(MANY))
    return [AuditBody(**{name: getattr(row, name) for name in AuditBody.model_fields}) for row in rows]


@pages.get("")
async def show(request: Request, staff: Auditor, session: DbSession, filters: WantedFilters) -> Response:
    rows = list(await session.scalars(_query(staff, filters).limit(MANY + 1)))
    return page(
        request,
        staff,
        "audit/list.html",
        title=TITLE,
        nav="audit",
        rows=rows[:MANY],
        more=rows[MANY - 1].number if len(rows) > MANY else None,
        filters=filters,
        detail=_detail,
    )


@pages.get("/export.csv")
async def export(staff: Auditor, sessions: CurrentSessions, filters: WantedFilters) -> Response:
    """The same entries as a file, oldest last."""
    return csv_response("audit", _lines(sessions, _query(staff, filters).limit(EXPORTED)))


async def _lines(sessions: CurrentSessions, query: Select[AuditEntry]) -> AsyncIterator[Sequence[object]]:
    yield ("number", "at", "actor", "action", "subject", "region", "detail", "hash")
    async with sessions() as session:
        async for row in await session.stream_scalars(query.execution_options(yield_per=500)):
            at = row.at.isoformat(timespec="milliseconds")
            yield (row.number, at, row.actor, row.action, row.subject, row.region_code, _detail(row), row.hash)
            session.expunge(row)


def _query(staff: Staff, filters: Filters) -> Select[AuditEntry]:
    seen = within(AuditEntry.region_code, staff, Permission.AUDIT)
    if staff.may(Permission.AUDIT, COUNTRY):
        seen = or_(seen, AuditEntry.region_code == "")  # what belongs to no region is the whole desk's
    query = select(AuditEntry).where(seen).order_by(AuditEntry.number.desc())
    if filters.actor:
        query = query.where(AuditEntry.actor == filters.actor)
    if filters.action:
        query = query.where(AuditEntry.action.startswith(filters.action, autoescape=True))
    if filters.subject:
        query = query.where(AuditEntry.subject == filters.subject)
    if filters.region:
        span = span_of(filters.region)
        query = query.where(AuditEntry.region_code.between(span.low, span.high))
    if filters.since:
        query = query.where(AuditEntry.at >= _midnight(filters.since))
    if filters.until:
        query = query.where(AuditEntry.at < _midnight(filters.until) + timedelta(days=1))
    if filters.before is not None:
        query = query.where(AuditEntry.number < filters.before)
    return query


def _midnight(day: str) -> datetime:
    try:
        parsed = date.fromisoformat(day)
    except ValueError:
        parsed = date.min
    if not 2000 <= parsed.year <= 2999:
        raise StaffError("day", "日期格式为 YYYY-MM-DD。", "A day is written YYYY-MM-DD.", 422)
    return datetime.combine(parsed, time(), _SHANGHAI)


def _detail(row: AuditEntry) -> str:
    return json.dumps(row.detail, ensure_ascii=False, sort_keys=True) if row.detail else ""
