"""What a kiosk is found by: one lower-cased text with its id, its site and every region it lies in, in both languages.

The text is a copy. Whoever renames a site or a region, or moves a kiosk, calls `refresh`.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.fleet.models import Kiosk, Site
from backend.regions.division import lineage
from backend.regions.models import Region


def search_text(kiosk_id: str, site: tuple[str, str], regions: Iterable[tuple[str, str]]) -> str:
    """`site` and `regions`: names in Chinese and English."""
    words = [kiosk_id, *site, *(name for region in regions for name in region)]
    return " ".join(dict.fromkeys(words)).lower()[:1000]


async def text_of(session: AsyncSession, kiosk_id: str, site: Site) -> str:
    """The text of one kiosk."""
    rows = await session.execute(
        select(Region.name_zh, Region.name_en).where(Region.code.in_(lineage(site.region_code))).order_by(Region.code)
    )
    return search_text(kiosk_id, (site.name_zh, site.name_en), [(zh, en) for zh, en in rows])


async def refresh(session: AsyncSession, site_id: str) -> None:
    """Write the texts of a site's kiosks anew; the caller commits."""
    site = await session.get(Site, site_id)
    if site is None:
        return
    for kiosk_id in (await session.scalars(select(Kiosk.kiosk_id).where(Kiosk.site_id == site_id))).all():
        text = await text_of(session, kiosk_id, site)
        await session.execute(update(Kiosk).where(Kiosk.kiosk_id == kiosk_id).values(search_text=text))
