"""The invented province is as large as it says."""

from __future__ import annotations

from sqlalchemy import func, select

from backend.db.engine import Sessions, writing
from backend.fleet.models import Kiosk, KioskPulse, KioskState
from backend.fleet.seed import seed_province
from backend.regions.division import level_of, parent_of
from backend.regions.models import Region
from backend.regions.synthetic import COUNTS, PROVINCE, province


def test_a_province_of_57705_sites() -> None:
    regions = list(province())
    assert len(regions) == 57_706
    assert len({region.code for region in regions}) == len(regions)
    for level, count in enumerate(COUNTS, start=2):
        assert sum(region.level == level for region in regions) == count
    for region in regions:
        assert level_of(region.code) == region.level
        assert parent_of(region.code) == region.parent


async def test_seeding_makes_every_row_a_kiosk_needs(sessions: Sessions) -> None:
    async with writing(sessions) as session:
        made = await seed_province(session, 0.01)
        await session.commit()
    async with sessions() as session:
        for table in (Kiosk, KioskPulse, KioskState):
            assert await session.scalar(select(func.count()).select_from(table)) == made
        assert await session.scalar(select(func.count()).select_from(Region)) == made + 1


async def test_a_desk_that_knows_the_province_already(sessions: Sessions) -> None:
    async with writing(sessions) as session:
        session.add(Region(code=PROVINCE, parent=None, level=1, name_zh="样本省", name_en="Yangben"))
        await session.commit()
        assert await seed_province(session, 0.001) > 10
        await session.commit()
        assert (await session.get_one(Region, PROVINCE)).name_zh == "样本省"
