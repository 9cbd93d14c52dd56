"""Read models shared by the console's pages and the staff API: counts by health, the map's points, history.

Everything is narrowed to the asker's regions by the caller's `scope`, the WHERE of `staff.access.within`. Counting
reads the index (region_code, health, kiosk_id) of kiosk_state only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.fleet.health import Health
from backend.fleet.models import KioskEvent, KioskState, Site
from backend.regions.division import COUNTRY, Level, ancestor, level_of, lineage, span_of
from backend.regions.models import Region
from backend.staff.access import within
from backend.staff.roles import Permission, Staff

BAD = (Health.FAULT, Health.OUT_OF_SERVICE, Health.OFFLINE, Health.QUARANTINED, Health.REVOKED)
# As they are shown, best first; retired kiosks are counted nowhere.
SHOWN = (
    Health.OK,
    Health.WARNING,
    Health.FAULT,
    Health.OUT_OF_SERVICE,
    Health.OFFLINE,
    Health.QUARANTINED,
    Health.REVOKED,
)


@dataclass
class Tally:
    """How many kiosks are how."""

    by_health: dict[str, int] = field(default_factory=dict)

    def add(self, health: str, count: int) -> None:
        self.by_health[health] = self.by_health.get(health, 0) + count

    def of(self, health: str) -> int:
        return self.by_health.get(health, 0)

    @property
    def total(self) -> int:
        """All that stand somewhere or will: without the retired."""
        return sum(count for health, count in self.by_health.items() if health != Health.RETIRED)

    @property
    def enrolled(self) -> int:
        return self.total - self.of(Health.PLANNED)

    @property
    def bad(self) -> int:
        return sum(self.of(health) for health in BAD)

    @property
    def bad_share(self) -> float:
        """Of those enrolled, 0 to 1; 0 where none is."""
        return self.bad / self.enrolled if self.enrolled else 0.0

    @property
    def serving(self) -> int:
        return self.of(Health.OK) + self.of(Health.WARNING) + self.of(Health.FAULT)


@dataclass(frozen=True)
class Place:
    """A region with its kiosks; `children` of a region, and the region itself."""

    code: str
    level: int
    name_zh: str
    name_en: str
    longitude: float | None
    latitude: float | None
    tally: Tally


@dataclass(frozen=True)
class Overview:
    """`here`: the kiosks of the region's own seat, which lie in none of the children. `deeper`: the counts two levels
    down, by code."""

    place: Place
    children: list[Place]
    here: Tally
    deeper: dict[str, Tally]


def scope_of(staff: Staff, region_code: str = "") -> ColumnElement[bool]:
    """The WHERE over kiosk_state for what the person may see, inside `region_code` if one is given."""
    scope = within(KioskState.region_code, staff, Permission.VIEW)
    if region_code and region_code != COUNTRY:
        span = span_of(region_code)
        return scope & KioskState.region_code.between(span.low, span.high)
    return scope


async def overview(session: AsyncSession, staff: Staff, region_code: str) -> Overview:
    """The region and the regions directly below it, each with its counts, which are taken two levels down at once."""
    level = level_of(region_code)
    below = Level(min(level + 1, Level.VILLAGE))
    piece = func.substr(KioskState.region_code, 1, Level(min(level + 2, Level.VILLAGE)).digits).label("piece")
    counted = await session.execute(
        select(piece, KioskState.health, func.count())
        .where(scope_of(staff, region_code))
        .group_by(piece, KioskState.health)
    )
    own = Tally()
    tallies: dict[str, Tally] = {}
    deeper: dict[str, Tally] = {}
    for digits, health, count in counted:
        code = digits.ljust(12, "0")
        own.add(health, count)
        deeper.setdefault(code, Tally()).add(health, count)
        tallies.setdefault(digits[: below.digits].ljust(12, "0"), Tally()).add(health, count)
    names = await regions_of(session, [region_code])
    children = []
    if level < Level.VILLAGE:
        # By the kiosks, not by what the regions' table says of parents: no kiosk is left out of the table.
        codes = sorted(tallies.keys() - {region_code})
        rows = await regions_of(session, codes)
        children = [_place(code, rows.get(code), tallies[code]) for code in codes]
    here = tallies.get(region_code, Tally()) if level < Level.VILLAGE else own
    return Overview(_place(region_code, names.get(region_code), own), children, here, deeper)


async def worst_below(session: AsyncSession, seen: Overview, limit: int = 8) -> list[Place]:
    """The regions two levels down with the largest share in trouble: where to look first."""
    level = Level(min(seen.place.level + 2, Level.VILLAGE))
    bad = [(code, tally) for code, tally in seen.deeper.items() if tally.bad and level_of(code) == level]
    bad.sort(key=lambda pair: (-pair[1].bad_share, -pair[1].bad, pair[0]))
    names = await regions_of(session, (code for code, _ in bad[:limit]))
    return [_place(code, names.get(code), tally) for code, tally in bad[:limit]]


def _place(code: str, row: Region | None, tally: Tally) -> Place:
    if row is None:
        zh, en = ("全国", "The country") if code == COUNTRY else (code, code)
        return Place(code, level_of(code), zh, en, None, None, tally)
    return Place(code, row.level, row.name_zh, row.name_en, row.longitude, row.latitude, tally)


async def regions_of(session: AsyncSession, codes: Iterable[str]) -> dict[str, Region]:
    """Those of the regions that are known, by code."""
    rows = await session.scalars(select(Region).where(Region.code.in_(set(codes))))
    return {row.code: row for row in rows}


@dataclass(frozen=True)
class Step:
    """One step of a breadcrumb; `visible`: the person may go there."""

    code: str
    name_zh: str
    name_en: str
    visible: bool


async def breadcrumb(session: AsyncSession, staff: Staff, region_code: str) -> list[Step]:
    """From the province down; what lies above the person's regions is named, not offered."""
    codes = lineage(region_code)
    known = await regions_of(session, codes)
    steps = []
    for code in codes:
        visible = staff.may(Permission.VIEW, code)
        if code == COUNTRY:
            if visible:
                steps.append(Step(code, "全国", "The country", True))
            continue
        row = known.get(code)
        steps.append(Step(code, row.name_zh if row else code, row.name_en if row else code, visible))
    return steps


async def path_names(session: AsyncSession, codes: Iterable[str]) -> dict[str, tuple[str, str]]:
    """For each code its path from the city down: "青山市 / 白河县 / …", in both languages."""
    wanted = set(codes)
    known = await regions_of(session, {above for code in wanted for above in lineage(code)})
    paths = {}
    for code in wanted:
        steps = [known[above] for above in lineage(code) if above in known]
        shown = [row for row in steps if row.level >= Level.CITY] or steps
        paths[code] = (" / ".join(row.name_zh for row in shown), " / ".join(row.name_en for row in shown))
    return paths


async def newest_trouble(
    session: AsyncSession, staff: Staff, region_code: str, now: datetime, limit: int = 10
) -> Sequence[KioskEvent]:
    """Warnings and errors of the last day, newest first."""
    query = (
        select(KioskEvent)
        .where(
            KioskEvent.at >= now - timedelta(hours=24),
            KioskEvent.severity.in_(("warning", "error")),
            _events_within(staff, region_code),
        )
        .order_by(KioskEvent.at.desc(), KioskEvent.id.desc())
        .limit(limit)
    )
    return (await session.scalars(query)).all()


def events_query(
    staff: Staff,
    region_code: str = "",
    kiosk_id: str = "",
    kinds: Sequence[str] = (),
    severities: Sequence[str] = (),
    before: int | None = None,
) -> Select[Any]:
    """Events, newest first; `before`: those with a smaller id, for the next page."""
    query = select(KioskEvent).where(_events_within(staff, region_code)).order_by(KioskEvent.id.desc())
    if kiosk_id:
        query = query.where(KioskEvent.kiosk_id == kiosk_id)
    if kinds:
        query = query.where(KioskEvent.kind.in_(kinds))
    if severities:
        query = query.where(KioskEvent.severity.in_(severities))
    if before is not None:
        query = query.where(KioskEvent.id < before)
    return query


def _events_within(staff: Staff, region_code: str) -> ColumnElement[bool]:
    scope = within(KioskEvent.region_code, staff, Permission.VIEW)
    if region_code and region_code != COUNTRY:
        span = span_of(region_code)
        return scope & KioskEvent.region_code.between(span.low, span.high)
    return scope


async def sites_in(session: AsyncSession, staff: Staff, region_code: str, limit: int = 400) -> list[Site]:
    """The sites of a township or village, by code; those above a village first."""
    span = span_of(region_code)
    query = (
        select(Site)
        .where(within(Site.region_code, staff, Permission.VIEW), Site.region_code.between(span.low, span.high))
        .order_by(Site.region_code, Site.site_id)
        .limit(limit)
    )
    return list(await session.scalars(query))


def shown_region(staff: Staff, wanted: str) -> str:
    """The region a page opens with: the wanted one, else the person's own."""
    return wanted or staff.home or COUNTRY


def child_of(code: str, parent: str) -> str:
    """The child of `parent` that holds `code`."""
    return ancestor(code, Level(min(level_of(parent) + 1, Level.VILLAGE)))
