"""The list of kiosks: what is asked for, which ones these are, and what a row shows.

Over 57,705 kiosks the ids are found first, from as few tables as the filter needs; then the rows of one page are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Integer, Select, SelectBase, String, case, cast, func, or_, select, union
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from backend.fleet.health import Health
from backend.fleet.models import Kiosk, KioskPulse, KioskState, Site
from backend.fleet.queries import path_names, scope_of
from backend.fleet.words import device_patterns, trouble_patterns
from backend.regions.division import COUNTRY, is_code, span_of
from backend.staff.access import within
from backend.staff.roles import Permission, Staff

PAGE = 50
COLUMNS = ("site", "region", "trouble", "seen", "since", "model", "serial", "software", "content", "certificate")
USUAL = ("site", "region", "trouble", "seen", "since", "software")
SORTS = ("worst", "kiosk", "region", "since", "seen", "trouble", "software", "certificate")
EXPIRING = (7, 30, 60)  # days

_RANK = case(
    {
        Health.QUARANTINED.value: 0,
        Health.REVOKED.value: 0,
        Health.OFFLINE.value: 1,
        Health.OUT_OF_SERVICE.value: 2,
        Health.FAULT.value: 3,
        Health.WARNING.value: 4,
        Health.OK.value: 5,
        Health.PLANNED.value: 6,
    },
    value=KioskState.health,
    else_=7,
)


@dataclass(frozen=True)
class KioskFilter:
    """As in the address of the page; "" is "any"."""

    q: str = ""
    region: str = ""
    health: str = ""  # one of Health, or "bad": everything that does not serve as it should
    trouble: str = ""  # a code, or its beginning: "document_printer"
    model: str = ""
    software: str = ""
    content: str = ""
    online: str = ""  # "yes", "no"
    expiring: str = ""  # days until the certificate ends
    site: str = ""
    sort: str = "worst"
    order: str = ""  # "desc" or ""
    page: int = 1
    columns: str = ""  # comma-separated, in the order of COLUMNS; "": the usual ones

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> KioskFilter:
        """From a query string; what makes no sense counts as not given."""
        known = {entry.name for entry in fields(cls)}
        taken: dict[str, Any] = {
            key: value.strip()[:100] for key, value in parameters.items() if key in known and key != "page"
        }
        page = parameters.get("page", "")
        made = cls(**taken, page=min(int(page), 100_000) if page.isascii() and page.isdigit() and page != "0" else 1)
        if made.region and not is_code(made.region):
            made = replace(made, region="")
        if made.sort not in SORTS:
            made = replace(made, sort="worst")
        if not (made.expiring.isascii() and made.expiring.isdigit() and len(made.expiring) < 5):
            made = replace(made, expiring="")
        return replace(made, q=made.q.replace("\0", ""), trouble=made.trouble.replace("\0", ""))

    @property
    def shown(self) -> tuple[str, ...]:
        """The columns."""
        chosen = self.columns.split(",")
        return tuple(name for name in COLUMNS if name in chosen) if self.columns else USUAL

    def query(self, **changes: Any) -> str:
        """The query string with `changes`; what is as usual is left out. Any change but of the page begins anew."""
        if "page" not in changes:
            changes["page"] = 1
        wanted = replace(self, **changes)
        usual = KioskFilter()
        pairs = {
            entry.name: getattr(wanted, entry.name)
            for entry in fields(self)
            if getattr(wanted, entry.name) != getattr(usual, entry.name)
        }
        return urlencode(pairs)

    @property
    def narrows(self) -> bool:
        """Whether anything but the order is asked for."""
        return replace(self, sort="worst", order="", page=1, columns="") != KioskFilter()


@dataclass(frozen=True)
class Row:
    kiosk: Kiosk
    state: KioskState
    seen_at: datetime | None
    site_zh: str
    site_en: str
    path: tuple[str, str]


@dataclass(frozen=True)
class Listing:
    rows: list[Row]
    total: int
    page: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE))


def ids_query(staff: Staff, wanted: KioskFilter, now: datetime) -> Select[Any]:
    """The ids of all kiosks that fit, in no order."""
    query = select(KioskState.kiosk_id).where(*_of_state(staff, wanted))
    for number, hits in enumerate(_hits(staff, wanted, now)):
        # Materialized: PostgreSQL cannot know how few will be found, and would look each of 57,705 up by itself.
        found = hits.cte(f"hits_{number}").prefix_with("MATERIALIZED", dialect="postgresql")
        query = query.join(found, found.c.kiosk_id == KioskState.kiosk_id)
    return query


async def count(session: AsyncSession, staff: Staff, wanted: KioskFilter, now: datetime) -> int:
    """How many fit."""
    found = ids_query(staff, wanted, now).with_only_columns(func.count(), maintain_column_froms=True)
    return await session.scalar(found) or 0


async def listing(session: AsyncSession, staff: Staff, wanted: KioskFilter, now: datetime) -> Listing:
    """One page of it. A page behind the last is the last."""
    searched = bool(_hits(staff, wanted, now))
    query = _sorted(ids_query(staff, wanted, now), wanted)
    if searched:
        # Reading texts is what takes long: once, with the number of all in every row.
        query = query.add_columns(func.count().over())
    page = wanted.page
    found = (await session.execute(query.limit(PAGE).offset((page - 1) * PAGE))).all()
    total = int(found[0][1]) if searched and found else 0
    if not searched or (not found and page > 1):
        total = await count(session, staff, wanted, now)
    pages = max(1, -(-total // PAGE))
    if page > pages:
        page = pages
        found = (await session.execute(query.limit(PAGE).offset((page - 1) * PAGE))).all()
    return Listing(await rows_of(session, [row[0] for row in found]), total, page)


async def rows_of(session: AsyncSession, ids: list[str]) -> list[Row]:
    """The rows of these kiosks, in this order."""
    found = await session.execute(
        select(Kiosk, KioskState, KioskPulse.seen_at, Site.name_zh, Site.name_en)
        .join(KioskState, KioskState.kiosk_id == Kiosk.kiosk_id)
        .join(KioskPulse, KioskPulse.kiosk_id == Kiosk.kiosk_id)
        .join(Site, Site.site_id == Kiosk.site_id)
        .where(Kiosk.kiosk_id.in_(ids))
    )
    by_id = {row[0].kiosk_id: row for row in found}
    paths = await path_names(session, {row[0].region_code for row in by_id.values()})
    return [
        Row(kiosk, state, seen_at, zh, en, paths[kiosk.region_code])
        for kiosk, state, seen_at, zh, en in (by_id[kiosk_id] for kiosk_id in ids if kiosk_id in by_id)
    ]


def _of_state(staff: Staff, wanted: KioskFilter) -> list[ColumnElement[bool]]:
    """The conditions on kiosk_state."""
    conditions = [scope_of(staff, wanted.region)]
    if wanted.health == "bad":
        conditions.append(KioskState.health.in_(("fault", "out-of-service", "offline", "quarantined", "revoked")))
    elif wanted.health:
        conditions.append(KioskState.health == wanted.health)
    else:
        conditions.append(KioskState.health != Health.RETIRED.value)
    if wanted.trouble:
        conditions.append(_has_trouble(wanted.trouble))
    if wanted.software:
        conditions.append(KioskState.software == wanted.software)
    if wanted.content:
        conditions.append(KioskState.content == wanted.content)
    if wanted.online in ("yes", "no"):
        conditions.append(KioskState.online.is_(wanted.online == "yes"))
    return conditions


def _hits(staff: Staff, wanted: KioskFilter, now: datetime) -> list[SelectBase]:
    """Ids found elsewhere than in kiosk_state; a kiosk must be in all of them."""
    scope = within(Kiosk.region_code, staff, Permission.VIEW)
    if wanted.region and wanted.region != COUNTRY:
        span = span_of(wanted.region)
        scope = scope & Kiosk.region_code.between(span.low, span.high)
    plain: list[ColumnElement[bool]] = []
    if wanted.model:
        plain.append(Kiosk.model == wanted.model)
    if wanted.site:
        plain.append(Kiosk.site_id == wanted.site)
    if wanted.expiring:
        plain.append(Kiosk.certificate_until <= now + timedelta(days=int(wanted.expiring)))
    found: list[SelectBase] = []
    for word in wanted.q.lower().split()[:5]:
        ends, devices = trouble_patterns(word), device_patterns(word)
        if ends or devices:
            in_trouble = or_(*(_ends_in_trouble(end) for end in ends), *(_has_trouble(code) for code in devices))
            found.append(
                union(
                    select(Kiosk.kiosk_id).where(scope, _in_text(word)),
                    select(KioskState.kiosk_id).where(scope_of(staff, wanted.region), in_trouble),
                )
            )
        else:
            plain.append(_in_text(word))
    if plain:
        found.append(select(Kiosk.kiosk_id).where(scope, *plain))
    return found


class _Position(FunctionElement[int]):
    """Where the second text stands in the first, 0 for nowhere: several times as fast as LIKE over many rows."""

    type = Integer()
    inherit_cache = True


@compiles(_Position)
def _position(element: _Position, compiler: SQLCompiler, **options: Any) -> str:
    name = "instr" if compiler.dialect.name == "sqlite" else "strpos"
    return f"{name}({compiler.process(element.clauses, **options)})"


def _in_text(word: str) -> ColumnElement[bool]:
    # Serial numbers come with the machine, and are written in capitals.
    return or_(_Position(Kiosk.search_text, word) > 0, _Position(Kiosk.serial_number, word.upper()) > 0)


def _has_trouble(code: str) -> ColumnElement[bool]:
    """The code itself, or what begins with it: "document_printer", "document_printer.paper"."""
    # The JSON's text is compared, whoever wrote it and with whatever spaces; most rows fail the first test.
    text = cast(KioskState.troubles, String)
    exact = text.contains(f'"{code}"', autoescape=True)
    return (KioskState.trouble != "") & or_(exact, text.contains(f'"{code}.', autoescape=True))


def _ends_in_trouble(end: str) -> ColumnElement[bool]:
    return (KioskState.trouble != "") & cast(KioskState.troubles, String).contains(f'.{end}"', autoescape=True)


def _sorted(query: Select[Any], wanted: KioskFilter) -> Select[Any]:
    if wanted.sort == "certificate":
        query = query.join(Kiosk, Kiosk.kiosk_id == KioskState.kiosk_id)
    if wanted.sort == "seen":
        query = query.join(KioskPulse, KioskPulse.kiosk_id == KioskState.kiosk_id)
    column: Any = {
        "worst": _RANK,
        "kiosk": KioskState.kiosk_id,
        "region": KioskState.region_code,
        "since": KioskState.changed_at,
        "seen": KioskPulse.seen_at,
        "trouble": KioskState.trouble,
        "software": KioskState.software,
        "certificate": Kiosk.certificate_until,
    }[wanted.sort]
    down = wanted.order == "desc"
    ordered = column.desc().nulls_last() if down else column.asc().nulls_last()
    return query.order_by(ordered, KioskState.kiosk_id.desc() if down else KioskState.kiosk_id)


@dataclass(frozen=True)
class Choices:
    """What the filters offer."""

    models: list[str]
    software: list[str]
    content: list[str]
    troubles: list[str]


async def choices(session: AsyncSession, staff: Staff) -> Choices:
    """Of what this person may see. For a whole province two tables are read from end to end, so keep the answer for a
    while, for others who may see the same (`Staff.spans`)."""
    seen = within(KioskState.region_code, staff, Permission.VIEW)
    state = (KioskState.software, KioskState.content, KioskState.trouble)
    rows = (await session.execute(select(*state).where(seen).distinct().limit(_MANY_CHOICES))).all()
    mine = within(Kiosk.region_code, staff, Permission.VIEW)
    models = await session.scalars(select(Kiosk.model).where(mine).distinct().limit(_MOST_CHOICES))

    def of(values: Iterable[str]) -> list[str]:
        return sorted({value for value in values if value})[:_MOST_CHOICES]

    return Choices(
        of(models), of(row.software for row in rows), of(row.content for row in rows), of(row.trouble for row in rows)
    )


_MOST_CHOICES = 200
_MANY_CHOICES = 20_000  # of them together
