"""The overview: every kiosk is in the table, whatever the regions' table lacks; and regions are found by name."""

from __future__ import annotations

from sqlalchemy import update

from backend.db.engine import writing
from backend.fleet.models import Kiosk, KioskState
from backend.regions.models import Region
from backend.regions.synthetic import PROVINCE
from backend.staff.roles import Grant, Role, Staff
from tests.backend.desk import CITY, OTHER_CITY, Desk, staff_with

EVERYWHERE = staff_with(Role.OPERATOR, "0" * 12)
ENGLISH = {"accept-language": "en"}


async def test_the_country_of_one_province_opens_at_the_province(desk: Desk) -> None:
    await desk.seed(0.002)
    async with writing(desk.sessions) as session:  # as a desk has it that knew the province before
        await session.execute(update(Region).where(Region.code == PROVINCE).values(parent=None))
        await session.commit()
    first = (await desk.get("/console/", EVERYWHERE, headers=ENGLISH)).text
    assert "<h1>Demonstration Province</h1>" in first
    assert f"/console/?region={CITY}" in first
    asked = (await desk.get("/console/?region=000000000000", EVERYWHERE, headers=ENGLISH)).text
    assert "<h1>The country</h1>" in asked
    assert f'<a href="/console/?region={PROVINCE}">Demonstration Province</a>' in asked


async def test_kiosks_of_a_region_nobody_entered_are_in_the_table(desk: Desk) -> None:
    await desk.seed(0.002)
    async with writing(desk.sessions) as session:
        kiosk = await session.get_one(Kiosk, "K-" + CITY)
        state = await session.get_one(KioskState, kiosk.kiosk_id)
        kiosk.region_code = state.region_code = "980000000000"
        await session.commit()
    page = (await desk.get("/console/", EVERYWHERE, headers=ENGLISH)).text
    assert '<a href="/console/?region=980000000000">980000000000</a>' in page
    assert f"/console/?region={PROVINCE}" in page


async def test_other_regions_are_offered_by_name(desk: Desk) -> None:
    await desk.seed(0.002)
    both = Staff("both@99", "both", (Grant(Role.OPERATOR, CITY), Grant(Role.OPERATOR, OTHER_CITY)))
    page = (await desk.get(f"/console/?region={CITY}", both, headers=ENGLISH)).text
    async with desk.sessions() as session:
        name = (await session.get_one(Region, OTHER_CITY)).name_en
    assert f'{name} <span class="muted">{OTHER_CITY}</span></a>' in page


async def test_serving_with_a_fault_is_said(desk: Desk) -> None:
    await desk.seed(0.002)
    async with writing(desk.sessions) as session:
        (await session.get_one(KioskState, "K-" + CITY)).health = "fault"
        await session.commit()
    page = (await desk.get("/console/", EVERYWHERE, headers=ENGLISH)).text
    assert "Serving 100.0% · 1 with a fault" in page


async def test_regions_are_found_by_name_or_code(desk: Desk) -> None:
    await desk.seed(0.004)
    async with desk.sessions() as session:
        city = await session.get_one(Region, CITY)
    path = "/console/regions/options?of=region_code&region_code="
    for typed in (city.name_zh, city.name_en.lower(), CITY[:4]):
        options = (await desk.get(path + typed, EVERYWHERE)).text
        assert f'<option value="{CITY}">' in options, typed
    elsewhere = (await desk.get(path + city.name_zh, staff_with(Role.OPERATOR, OTHER_CITY))).text
    assert f'value="{CITY}"' not in elsewhere
    assert (await desk.get(path + "%25_", EVERYWHERE)).text.strip() == ""
