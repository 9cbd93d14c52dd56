"""Fill an empty desk with the invented province: regions, a site in every city, county, township and village, and a
kiosk at each, entered but not enrolled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from sqlalchemy import func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.contract.fleet_api import IdentityState
from backend.fleet.health import Health
from backend.fleet.models import Kiosk, KioskPulse, KioskState, Site
from backend.fleet.search import search_text
from backend.regions.division import lineage, span_of
from backend.regions.models import Region
from backend.regions.synthetic import PROVINCE, InventedRegion, province

_AT_ONCE = 2000  # rows of one statement

_HALL = {
    2: ("市政务服务中心", "City Service Centre"),
    3: ("政务服务中心", "Service Centre"),
    4: ("便民服务中心", "Community Service Centre"),
    5: ("便民服务站", "Service Point"),
}


def kiosk_id_of(code: str) -> str:
    """The invented kiosk of a region: K-990101001001."""
    return f"K-{code}"


class SeededAlready(Exception):
    """The invented province is there; `kiosks` of it."""

    def __init__(self, kiosks: int) -> None:
        super().__init__(f"the invented province is here already, with {kiosks:,} kiosks: nothing was entered")
        self.kiosks = kiosks


async def seed_province(session: AsyncSession, share: float = 1.0) -> int:
    """Returns the number of kiosks. The caller commits. Raises SeededAlready."""
    now = datetime.now(UTC)
    span = span_of(PROVINCE)
    seeded = select(func.count()).where(
        Kiosk.region_code.between(span.low, span.high), Kiosk.kiosk_id == literal("K-") + Kiosk.region_code
    )
    if found := await session.scalar(seeded):
        raise SeededAlready(found)
    regions = list(province(share))
    there = set(await session.scalars(select(Region.code)))  # of a desk that was started before
    await _insert(session, Region, ({**vars(region)} for region in regions if region.code not in there))
    sited = [region for region in regions if region.level >= 2]
    await _insert(session, Site, (_site(region, now) for region in sited))
    names = {region.code: (region.name_zh, region.name_en) for region in regions}
    await _insert(session, Kiosk, (_kiosk(region, names, now) for region in sited))
    await _insert(session, KioskPulse, ({"kiosk_id": kiosk_id_of(region.code)} for region in sited))
    await _insert(session, KioskState, (_state(region, now) for region in sited))
    return len(sited)


def _site_names(region: InventedRegion) -> tuple[str, str]:
    zh, en = _HALL[region.level]
    return region.name_zh.removesuffix("市") + zh, f"{region.name_en} {en}"


def _site(region: InventedRegion, now: datetime) -> dict[str, Any]:
    zh, en = _site_names(region)
    return {
        "site_id": f"S-{region.code}",
        "region_code": region.code,
        "name_zh": zh,
        "name_en": en,
        "longitude": region.longitude,
        "latitude": region.latitude,
        "promise_hours": 24,
        "created_at": now,
    }


def _kiosk(region: InventedRegion, names: dict[str, tuple[str, str]], now: datetime) -> dict[str, Any]:
    kiosk_id = kiosk_id_of(region.code)
    above = [names[code] for code in lineage(region.code) if code in names]
    return {
        "kiosk_id": kiosk_id,
        "site_id": f"S-{region.code}",
        "region_code": region.code,
        "model": ("MK-10", "MK-20", "MK-20 Pro")[int(region.code[-3:]) % 3],
        "serial_number": f"SN{region.code}",
        "identity": IdentityState.PLANNED.value,
        "search_text": search_text(kiosk_id, _site_names(region), above),
        "created_at": now,
    }


def _state(region: InventedRegion, now: datetime) -> dict[str, Any]:
    return {
        "kiosk_id": kiosk_id_of(region.code),
        "region_code": region.code,
        "health": Health.PLANNED.value,
        "changed_at": now,
    }


async def _insert(session: AsyncSession, table: Any, rows: Iterator[dict[str, Any]]) -> None:
    while batch := list(islice(rows, _AT_ONCE)):
        await session.execute(insert(table), batch)
