"""Items: what of a body stands in their row, the first filling of the store, and finding them among 20,000."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import urlencode

import anyio.to_thread
from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db.engine import Sessions, writing
from backend.db.locks import hold
from backend.editor.bodies import Body, digest, of_service, stored
from backend.editor.check import Rules
from backend.editor.models import ContentDraft, ContentItem, ContentVersion
from backend.regions.models import Region
from backend.staff.access import within
from backend.staff.roles import Permission, Staff
from content.pack_format import order_of
from content.pinyin import search_keys
from content.schema.service import Service
from content.sources import parse, service_files

PAGE = 50
STATES = ("", "published", "draft", "submitted", "approved", "unpublished")
SEED = "catalogue"  # who wrote what the store began with


@dataclass(frozen=True)
class ItemFilter:
    """What somebody looks for; empty: everything."""

    q: str = ""
    department: str = ""
    row: str = ""
    state: str = ""
    batch: str = ""
    page: int = 1

    @classmethod
    def of(cls, query: Mapping[str, str]) -> ItemFilter:
        page = query.get("page", "1")
        return cls(
            q=query.get("q", "")[:100].strip(),
            department=query.get("department", "")[:80],
            row=query.get("row", "")[:10].strip(),
            state=query.get("state", "") if query.get("state", "") in STATES else "",
            batch=query.get("batch", "")[:40],
            page=max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 7 else 1,
        )

    def query(self, **changed: str | int) -> str:
        wanted = replace(self, page=1)
        wanted = replace(wanted, **changed)  # type: ignore[arg-type]
        values = {name: str(getattr(wanted, name)) for name in self.__dataclass_fields__}
        return urlencode({name: value for name, value in values.items() if value and (name, value) != ("page", "1")})

    @property
    def narrows(self) -> bool:
        return bool(self.q or self.department or self.row or self.state or self.batch)


@dataclass(frozen=True)
class Found:
    rows: list[ContentItem]
    total: int
    page: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE))


def visible(staff: Staff, permission: Permission) -> ColumnElement[bool]:
    """Items of agencies in the person's regions, and those of no region the desk knows."""
    if not staff.may_anywhere(permission):
        return within(ContentItem.region_code, staff, permission)
    return or_(ContentItem.region_code == "", within(ContentItem.region_code, staff, permission))


def matching(staff: Staff, wanted: ItemFilter, permission: Permission = Permission.VIEW) -> list[ColumnElement[bool]]:
    """The WHERE of a filter."""
    found = [visible(staff, permission)]
    found += [ContentItem.search.contains(word, autoescape=True) for word in wanted.q.lower().split()[:8]]
    if wanted.department:
        found.append(ContentItem.department == wanted.department)
    if wanted.row:
        found.append(ContentItem.row == wanted.row)
    if wanted.state == "published":
        found.append(ContentItem.published.is_not(None))
    elif wanted.state == "unpublished":
        found.append(ContentItem.published.is_(None))
    elif wanted.state:
        found.append(ContentItem.draft_state == wanted.state)
    if wanted.batch:
        of_batch = exists().where(ContentDraft.draft_id == ContentItem.draft_id, ContentDraft.batch == wanted.batch)
        found.append(of_batch)
    return found


async def search(session: AsyncSession, staff: Staff, wanted: ItemFilter) -> Found:
    where = matching(staff, wanted)
    total = await session.scalar(select(func.count()).select_from(ContentItem).where(*where)) or 0
    page = min(wanted.page, max(1, -(-total // PAGE)))
    query = (
        select(ContentItem)
        .where(*where)
        .order_by(ContentItem.row_order, ContentItem.item_id)
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    )
    return Found(list(await session.scalars(query)), total, page)


async def departments(session: AsyncSession) -> list[tuple[str, str]]:
    """(id, name of the agency) of all that have items."""
    rows = await session.execute(
        select(ContentItem.department, func.min(ContentItem.agency_zh))
        .where(ContentItem.department != "")
        .group_by(ContentItem.department)
        .order_by(ContentItem.department)
    )
    return [(department, name) for department, name in rows]


async def regions_known(session: AsyncSession, services: Iterable[Service]) -> set[str]:
    """Those of the agencies' counties that the desk knows."""
    codes = list({_county(service) for service in services})
    found: set[str] = set()
    for start in range(0, len(codes), 500):
        found |= set(await session.scalars(select(Region.code).where(Region.code.in_(codes[start : start + 500]))))
    return found


def describe(item: ContentItem, service: Service, regions: set[str], at: datetime) -> None:
    """Take over into the row what stands in a body."""
    codes, certificate = service.codes, service.certificate
    item.region_code = _county(service) if _county(service) in regions else ""
    item.package = service.package is not None
    item.journey = service.journey.value
    item.row = (service.row or "")[:10]
    item.row_order = order_of(service.row)
    item.title_zh, item.title_en = service.title.zh[:120], service.title.en[:240]
    item.department = (service.agency.department or "")[:80]
    item.agency_zh = service.agency.name.zh[:120]
    item.code = (codes.task_handle_item or codes.task_code) if codes else ""
    item.type_code = certificate.type_code if certificate else ""
    told = [service.id, service.title.zh, service.title.en, service.summary.zh, service.agency.name.zh]
    told += [item.code, codes.catalog_code if codes else "", *service.keywords, *search_keys(service)]
    item.search = "\n".join(told).lower()
    item.changed_at = at


def describe_roughly(item: ContentItem, body: Body, at: datetime) -> None:
    """The same of a new item whose body does not fit the schema yet: enough to find it again."""
    title = body.get("title")
    names = [str(title.get(language, "")) for language in ("zh", "en")] if isinstance(title, dict) else ["", ""]
    item.title_zh, item.title_en = names[0][:120], names[1][:240]
    item.search = "\n".join([item.item_id, *names]).lower()
    item.changed_at = at


def _county(service: Service) -> str:
    """Characters 3 to 8 of a unified social credit code are the division that registered the body."""
    return service.agency.uscc[2:8] + "000000"


async def ensure_filled(sessions: Sessions, rules: Rules) -> int:
    """The first time: the catalogue's services become the published versions. How many came in."""
    async with sessions() as session:
        if await session.scalar(select(ContentItem.item_id).limit(1)) is not None:
            return 0
    services = await anyio.to_thread.run_sync(_catalogue, rules)
    at = datetime.now(UTC)
    async with writing(sessions) as session:
        await hold(session, "content-item", "first")
        if await session.scalar(select(ContentItem.item_id).limit(1)) is not None:
            return 0
        regions = await regions_known(session, services)
        for service in services:
            body = of_service(service)
            item = ContentItem(item_id=service.id, published=service.version, sha256=digest(body), draft_state="")
            describe(item, service, regions, at)
            session.add(item)
        await session.flush()
        for service in services:
            body = of_service(service)
            version = ContentVersion(
                item_id=service.id, number=service.version, body=stored(body), sha256=digest(body), at=at, by=SEED
            )
            session.add(version)
        await session.commit()
    return len(services)


def _catalogue(rules: Rules) -> list[Service]:
    parsed = [parse(file, file.read_bytes(), Service)[0] for file in service_files(rules.catalogue)]
    found = {service.id: service for service in parsed if service is not None and len(service.id) <= 80}
    for service in found.values():
        search_keys(service)  # pinyin takes its time, and is remembered
    return list(found.values())
