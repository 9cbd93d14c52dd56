"""Reports over a month: how long kiosks were open against the promise, what was done, how content people were.

Down to the county the sums of counties are read; below it, the kiosks' own days.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from backend.db.engine import Sessions
from backend.feedback.models import RatingRow
from backend.fleet.models import Kiosk, Site
from backend.fleet.queries import path_names, regions_of
from backend.regions.division import COUNTRY, Level, level_of, span_of
from backend.reports.days import bounds, days_between, month_days
from backend.reports.models import KioskDay, RegionDay, UsageDay
from backend.staff.access import within
from backend.staff.roles import Permission, Staff

SECONDS = ("serving_s", "faulty_s", "closed_s", "offline_s", "unknown_s")
USED = ("sessions", "completed", "failed", "prints", "payments")
GRADES = (5, 4, 3, 2, 1)  # 非常满意 … 非常不满意


@dataclass
class Sums:
    """Seconds and deeds of some kiosks over some days."""

    values: dict[str, int] = field(default_factory=dict)

    def add(self, names: Sequence[str], values: Sequence[Any]) -> None:
        for name, value in zip(names, values, strict=True):
            self.values[name] = self.values.get(name, 0) + int(value or 0)

    def of(self, name: str) -> int:
        return self.values.get(name, 0)

    @property
    def known_s(self) -> int:
        """Without what the desk slept through."""
        return sum(self.of(name) for name in SECONDS if name != "unknown_s")

    @property
    def open_s(self) -> int:
        return self.of("serving_s") + self.of("faulty_s")

    @property
    def open_share(self) -> float | None:
        """Of the time we know of; None if we know of none."""
        return self.open_s / self.known_s if self.known_s else None

    def kept(self, promise_hours: int) -> float | None:
        """Share of the promised hours in which it was open, 0 to 1."""
        share = self.open_share
        return None if share is None or promise_hours <= 0 else min(1.0, share * 24 / promise_hours)

    @property
    def completed_share(self) -> float | None:
        ended = self.of("completed") + self.of("failed")
        return self.of("completed") / ended if ended else None

    @property
    def content_share(self) -> float | None:
        """满意率: grades 3 to 5 of all, as the national rating counts it."""
        rated = sum(self.of(f"grade_{grade}") for grade in GRADES)
        return sum(self.of(f"grade_{grade}") for grade in (5, 4, 3)) / rated if rated else None

    @property
    def rated(self) -> int:
        return sum(self.of(f"grade_{grade}") for grade in GRADES)


@dataclass(frozen=True)
class Line:
    """A region below, or a site."""

    code: str
    name_zh: str
    name_en: str
    is_site: bool
    promise_hours: int
    sums: Sums


@dataclass(frozen=True)
class Month:
    days: list[str]
    by_day: dict[str, Sums]
    total: Sums
    lines: list[Line]


async def month_report(session: AsyncSession, staff: Staff, region_code: str, month: str) -> Month:
    """Everything of a region in a month ("2026-01"). Raises ValueError for what is no month."""
    first, last = month_days(month)
    days = days_between(first, last)
    by_day: dict[str, Sums] = {day: Sums() for day in days}
    below: dict[str, Sums] = {}
    total = Sums()
    level = level_of(region_code)
    digits = Level(min(level + 1, Level.VILLAGE)).digits
    by_site = level >= Level.TOWNSHIP
    sources: list[tuple[Any, tuple[str, ...]]]
    if level <= Level.CITY:
        sources = [(RegionDay, SECONDS + USED)]
    else:
        sources = [(KioskDay, SECONDS), (UsageDay, USED)]
    for table, names in sources:
        where = (table.day.between(first, last), _inside(table.region_code, staff, region_code))
        sums = [func.sum(getattr(table, name)) for name in names]
        for day, *values in await session.execute(select(table.day, *sums).where(*where).group_by(table.day)):
            by_day[day].add(names, values)
            total.add(names, values)
        if by_site:
            piece: Any = Kiosk.site_id
            query = select(piece, *sums).join(Kiosk, Kiosk.kiosk_id == table.kiosk_id)
        else:
            piece = func.substr(table.region_code, 1, digits).label("piece")
            query = select(piece, *sums)
        for code, *values in await session.execute(query.where(*where).group_by(piece)):
            below.setdefault(code if by_site else code.ljust(12, "0"), Sums()).add(names, values)
    await _add_ratings(session, staff, region_code, (first, last), total, below, None if by_site else digits)
    return Month(days, by_day, total, await _lines(session, below, by_site))


async def _add_ratings(
    session: AsyncSession,
    staff: Staff,
    region_code: str,
    span: tuple[str, str],
    total: Sums,
    below: dict[str, Sums],
    digits: int | None,
) -> None:
    """`digits` of the regions below; None: by site."""
    piece: Any = Kiosk.site_id if digits is None else func.substr(Kiosk.region_code, 1, digits).label("piece")
    begin, end = bounds(span[0])[0], bounds(span[1])[1]
    rows = await session.execute(
        select(piece, RatingRow.level, func.count())
        .join(Kiosk, Kiosk.kiosk_id == RatingRow.kiosk_id)
        .where(RatingRow.rated_at >= begin, RatingRow.rated_at < end, _inside(Kiosk.region_code, staff, region_code))
        .group_by(piece, RatingRow.level)
    )
    for code, level, count in rows:
        total.add((f"grade_{level}",), (count,))
        below.setdefault(code if digits is None else code.ljust(12, "0"), Sums()).add((f"grade_{level}",), (count,))


async def _lines(session: AsyncSession, below: dict[str, Sums], by_site: bool) -> list[Line]:
    if by_site:
        sites = {site.site_id: site for site in await session.scalars(select(Site).where(Site.site_id.in_(below)))}
        lines = [
            Line(code, sites[code].name_zh, sites[code].name_en, True, sites[code].promise_hours, sums)
            for code, sums in below.items()
            if code in sites
        ]
    else:
        names = await regions_of(session, below)
        lines = [
            Line(
                code,
                names[code].name_zh if code in names else code,
                names[code].name_en if code in names else code,
                False,
                24,
                sums,
            )
            for code, sums in below.items()
        ]
    return sorted(lines, key=lambda line: (_none_last(line.sums.open_share), line.code))


def _none_last(share: float | None) -> float:
    return 2.0 if share is None else share


async def kiosk_lines(
    sessions: Sessions, staff: Staff, region_code: str, month: str, english: bool
) -> AsyncIterator[Sequence[object]]:
    """The month of every kiosk, for an export: a heading, then lines by id, read in pieces."""
    first, last = month_days(month)
    yield [pair[english] for pair in _HEADING]
    after = ""
    while True:
        async with sessions() as session:
            query = (
                select(Kiosk.kiosk_id, Kiosk.region_code, Site.name_zh, Site.name_en, Site.promise_hours)
                .join(Site, Site.site_id == Kiosk.site_id)
                .where(Kiosk.kiosk_id > after, _inside(Kiosk.region_code, staff, region_code))
                .order_by(Kiosk.kiosk_id)
                .limit(500)
            )
            kiosks = (await session.execute(query)).all()
            ids = [row.kiosk_id for row in kiosks]
            sums: dict[str, Sums] = {kiosk_id: Sums() for kiosk_id in ids}
            for table, names in ((KioskDay, SECONDS), (UsageDay, USED)):
                found = await session.execute(
                    select(table.kiosk_id, *(func.sum(getattr(table, name)) for name in names))
                    .where(table.kiosk_id.in_(ids), table.day.between(first, last))
                    .group_by(table.kiosk_id)
                )
                for kiosk_id, *values in found:
                    sums[kiosk_id].add(names, values)
            paths = await path_names(session, (row.region_code for row in kiosks))
        for row in kiosks:
            yield _export_line(month, row, sums[row.kiosk_id], paths[row.region_code][english], english)
        if len(kiosks) < 500:
            return
        after = ids[-1]


_HEADING: tuple[tuple[str, str], ...] = (
    ("月份", "month"),
    ("终端编号", "kiosk"),
    ("站点", "site"),
    ("行政区划", "region"),
    ("区划代码", "region code"),
    ("承诺小时/天", "promised hours a day"),
    ("兑现率%", "promise kept %"),
    ("正常服务(秒)", "serving (s)"),
    ("带故障服务(秒)", "with a fault (s)"),
    ("暂停服务(秒)", "closed (s)"),
    ("离线(秒)", "offline (s)"),
    ("未知(秒)", "unknown (s)"),
    ("人次", "sessions"),
    ("办结", "completed"),
    ("未办成", "failed"),
    ("打印", "prints"),
    ("缴费", "payments"),
)


def _export_line(month: str, row: Any, sums: Sums, path: str, english: bool) -> Sequence[object]:
    kept = sums.kept(row.promise_hours)
    return (
        month,
        row.kiosk_id,
        row.name_en if english else row.name_zh,
        path,
        row.region_code,
        row.promise_hours,
        "" if kept is None else round(kept * 100, 3),
        *(sums.of(name) for name in SECONDS + USED),
    )


def _inside(column: InstrumentedAttribute[str], staff: Staff, region_code: str) -> ColumnElement[bool]:
    scope = within(column, staff, Permission.VIEW)
    if region_code == COUNTRY:
        return scope
    span = span_of(region_code)
    return scope & column.between(span.low, span.high)


async def months(session: AsyncSession) -> list[str]:
    """Those with days, newest first."""
    month = func.substr(RegionDay.day, 1, 7)
    return list(await session.scalars(select(month).distinct().order_by(month.desc()).limit(36)))
