"""Many troubles at once: the lowest region that explains them, one message, one all-clear."""

from __future__ import annotations

import random

from backend.alerts.grouping import divide
from backend.alerts.groups import visible_group, visible_groups
from backend.alerts.listing import AlertFilter, list_alerts
from backend.alerts.queries import counts
from backend.alerts.settings import AlertsSettings
from backend.console.neighbours import open_alerts
from backend.regions.division import COUNTRY, Level, ancestor, level_of
from backend.regions.synthetic import PROVINCE, province
from backend.staff.roles import Grant, Role, Staff
from tests.backend.alerts.fleet import Fleet

CODES = [region.code for region in province(0.05) if region.level >= 2]
COUNTS: dict[str, int] = {}
for _code in CODES:
    for _place in {ancestor(_code, level) for level in Level}:
        COUNTS[_place] = COUNTS.get(_place, 0) + 1


def groups_of(codes: list[str]) -> tuple[dict[str, int], int]:
    groups, rest = divide(codes, lambda code: code, lambda code, level: COUNTS.get(code, 0), AlertsSettings().group_at)
    assert sorted([*rest, *(code for group in groups for code in group.members)]) == sorted(codes)
    return {group.region_code: len(group.members) for group in groups}, len(rest)


def inside(prefix: str) -> list[str]:
    return [code for code in CODES if code.startswith(prefix)]


def biggest(level: Level) -> str:
    """The region of that level with the most kiosks."""
    return max((code for code in CODES if level_of(code) == level), key=lambda code: COUNTS[code])


def test_a_city_s_power_cut_is_the_city_s() -> None:
    city = biggest(Level.CITY)
    assert groups_of(inside(city[:4])) == ({city: COUNTS[city]}, 0)


def test_a_county_s_is_the_county_s() -> None:
    county = biggest(Level.COUNTY)
    assert groups_of(inside(county[:6])) == ({county: COUNTS[county]}, 0)


def test_the_desk_s_own_network_is_the_province_s() -> None:
    assert groups_of(CODES) == ({PROVINCE: len(CODES)}, 0)


def test_a_tenth_of_it_all_over_is_the_province_s_too() -> None:
    """So it looks in the first seconds."""
    some = random.Random(7).sample(CODES, len(CODES) // 10)
    groups, rest = groups_of(some)
    assert groups == {PROVINCE: len(some)}
    assert rest == 0


def test_a_few_here_and_there_are_single() -> None:
    assert groups_of(CODES[:: len(CODES) // 10]) == ({}, len(CODES[:: len(CODES) // 10]))


def test_never_many_messages() -> None:
    """Whatever happens, the singles are bounded by the regions' thresholds."""
    rng = random.Random(11)
    for _ in range(30):
        codes = rng.sample(CODES, rng.randrange(1, len(CODES)))
        groups, rest = groups_of(codes)
        assert rest < AlertsSettings().group_at(1)
        assert len(groups) <= 40
        assert COUNTRY not in groups


async def test_a_province_in_the_dark(province_fleet: Fleet) -> None:
    """One message, though they do not fall silent in one moment; one all-clear; the rest become single again."""
    await province_fleet.engine.round()
    dark = list(province_fleet.kiosks)
    random.Random(3).shuffle(dark)
    pieces = [dark[start::3] for start in range(3)]
    for piece in pieces:
        await province_fleet.silence(piece)
        await province_fleet.wait(5)
    await province_fleet.wait(30)
    (message,) = [one for one in await province_fleet.messages() if one.facts["rule"] == "offline"]
    assert message.facts["region_code"] == PROVINCE
    (group,) = [one for one in await province_fleet.alerts(rule="offline") if one.members]
    assert group.members == len(dark)
    assert all(one.group_id == group.alert_id for one in await province_fleet.alerts(rule="offline") if not one.members)
    province_fleet.restart()
    await province_fleet.engine.sweep()
    await province_fleet.back(dark[3:])
    await province_fleet.wait(120)
    assert await province_fleet.told("offline") == ["alert", "clear", "alert", "alert", "alert"]
    await province_fleet.back(dark[:3])
    await province_fleet.wait(120)
    assert await province_fleet.told("offline") == ["alert", "clear"] + ["alert"] * 3 + ["clear"] * 3
    assert [one for one in await province_fleet.alerts() if one.live and one.rule == "offline"] == []


async def test_a_new_trouble_after_the_wave_is_told_by_itself(province_fleet: Fleet) -> None:
    await province_fleet.engine.round()
    dark = province_fleet.kiosks[:-1]
    await province_fleet.silence(dark)
    await province_fleet.wait(30)
    await province_fleet.wait(600, step=100)
    await province_fleet.silence(province_fleet.kiosks[-1:])
    await province_fleet.wait(30)
    assert await province_fleet.told("offline") == ["alert", "alert"]
    single = (await province_fleet.messages(kind="alert"))[-1]
    assert single.facts["kiosk_id"] == province_fleet.kiosks[-1]


async def test_flapping_inside_a_group_is_silent(province_fleet: Fleet) -> None:
    await province_fleet.silence(province_fleet.kiosks)
    await province_fleet.wait(30)
    for _ in range(3):
        await province_fleet.back(province_fleet.kiosks[:5])
        await province_fleet.wait(15)
        await province_fleet.silence(province_fleet.kiosks[:5])
        await province_fleet.wait(90)
    assert await province_fleet.told("offline") == ["alert"]


async def test_a_wide_outage_is_seen_by_those_who_see_a_part_of_it(province_fleet: Fleet) -> None:
    await province_fleet.silence(province_fleet.kiosks)
    await province_fleet.wait(30)
    (group,) = [one for one in await province_fleet.alerts(rule="offline") if one.members]
    county = ancestor(province_fleet.kiosks[-1][2:], Level.COUNTY)
    inside = sum(kiosk[2:8] == county[:6] for kiosk in province_fleet.kiosks)
    own = Staff("c", "c", (Grant(Role.OPERATOR, county),))
    all_of_it = Staff("p", "p", (Grant(Role.OPERATOR, PROVINCE),))
    async with province_fleet.sessions() as session:
        listed = await list_alerts(session, own, AlertFilter(rule="offline"))
        assert listed.total == inside
        assert (await counts(session, own)).errors == inside
        assert await open_alerts(session, own, county) == inside
        assert await visible_group(session, own, listed.alerts[0]) is None
        assert await visible_groups(session, own, listed.alerts) == set()
        # One for the whole province, its members where a part is looked at.
        assert (await list_alerts(session, all_of_it, AlertFilter(rule="offline"))).total == 1
        assert (await list_alerts(session, all_of_it, AlertFilter(rule="offline", region=county))).total == inside
        assert (await list_alerts(session, all_of_it, AlertFilter(rule="offline", severity="error"))).total == 1
        assert (await counts(session, all_of_it)).errors == 1
        assert await open_alerts(session, all_of_it, PROVINCE) == 2  # and that nobody is on duty
        assert await open_alerts(session, all_of_it, county) == inside
        assert await visible_groups(session, all_of_it, listed.alerts) == {group.alert_id}
