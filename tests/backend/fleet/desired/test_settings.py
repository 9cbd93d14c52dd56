"""Settings by region, site and kiosk: who has the last word, and why."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from backend.contract.kiosk_settings import SETTINGS, fault_of
from backend.db.engine import writing
from backend.deps import Kiosk as Asking
from backend.deps import current_kiosk
from backend.fleet.desired.hierarchy import places_of, resolve
from backend.fleet.models import Kiosk, KioskPulse
from backend.staff.roles import Role
from tests.backend.desk import ADMIN, CITY, OTHER_CITY, Desk, staff_with

PROVINCE = "99" + "0" * 10
COUNTY = "990101000000"
KIOSK = "K-" + COUNTY
OF_CITY = staff_with(Role.SYSTEM_ADMIN, CITY)


def change(scope: str, scope_id: str, value: Any, key: str = "volume") -> dict[str, Any]:
    return {"scope": scope, "scope_id": scope_id, "key": key, "value": value}


async def put(desk: Desk, *changes: dict[str, Any], staff: Any = ADMIN, expect: int = 201) -> dict[str, Any]:
    reply = await desk.post("/api/staff/v1/settings", staff, json={"changes": list(changes), "note": "why"})
    assert reply.status_code == expect, reply.text
    await desk.app.state.jobs.run_once("settings")
    body: dict[str, Any] = reply.json()
    return body


async def value_of(desk: Desk, kiosk: str = KIOSK, key: str = "volume") -> dict[str, Any]:
    reply = await desk.get(f"/api/staff/v1/kiosks/{kiosk}/settings")
    body: dict[str, Any] = reply.json()["values"][key]
    return body


@pytest.fixture
async def seeded(desk: Desk) -> Desk:
    await desk.seed()
    return desk


async def test_the_nearest_place_has_the_last_word_and_says_why(seeded: Desk) -> None:
    assert (await value_of(seeded)) == {"value": 60, "default": 60, "chain": []}
    await put(seeded, change("region", PROVINCE, 50), change("region", COUNTY, 40))
    await put(seeded, change("kiosk", KIOSK, 30))
    found = await value_of(seeded)
    assert found["value"] == 30
    assert [(origin["scope_id"], origin["value"], origin["revision"]) for origin in found["chain"]] == [
        (PROVINCE, 50, 1),
        (COUNTY, 40, 1),
        (KIOSK, 30, 2),
    ]
    await put(seeded, change("kiosk", KIOSK, None))
    assert (await value_of(seeded))["value"] == 40
    assert (await value_of(seeded, "K-" + OTHER_CITY))["value"] == 50


async def test_only_the_kiosks_concerned_are_told(seeded: Desk) -> None:
    await put(seeded, change("region", CITY, 10))
    async with seeded.sessions() as session:
        rows = await session.execute(
            select(Kiosk.region_code, KioskPulse.settings_wanted).join(
                KioskPulse, KioskPulse.kiosk_id == Kiosk.kiosk_id
            )
        )
        for region, wanted in rows:
            assert wanted == (1 if region.startswith("9901") else 0)


async def test_a_pulse_that_a_heartbeat_holds_is_told_the_next_time(seeded: Desk) -> None:
    if not str(seeded.app.state.engine.url).startswith("postgresql"):
        return  # SQLite has one writer: nothing is held
    async with writing(seeded.sessions) as held:
        await held.get(KioskPulse, KIOSK, with_for_update=True)
        await put(seeded, change("region", CITY, 10))
        async with seeded.sessions() as session:
            rows = {
                row[0]: row[1] for row in await session.execute(select(KioskPulse.kiosk_id, KioskPulse.settings_wanted))
            }
        assert rows["K-" + CITY] == 1
        assert rows[KIOSK] == 0
    await seeded.app.state.jobs.run_once("settings")
    async with seeded.sessions() as session:
        assert (await session.get_one(KioskPulse, KIOSK)).settings_wanted == 1


async def test_a_kiosk_fetches_all_its_values(seeded: Desk) -> None:
    await put(seeded, change("region", CITY, "08:30", "opens_at"))
    seeded.app.dependency_overrides[current_kiosk] = lambda: Asking(KIOSK, "")
    reply = await seeded.get("/fleet/v1/settings", None)
    assert reply.json()["revision"] == 1
    values = reply.json()["values"]
    assert values.keys() == SETTINGS.keys()
    assert values["opens_at"] == "08:30"


async def test_a_dry_run_changes_nothing_and_shows_what_would(seeded: Desk) -> None:
    await put(seeded, change("kiosk", KIOSK, 30))
    body = {"changes": [change("region", COUNTY, 20)]}
    reply = (await seeded.post("/api/staff/v1/settings/preview", json=body)).json()
    assert reply["kiosks"] >= 2
    assert KIOSK not in reply["examples"], "its own word stands"
    assert all(moved == {"volume": [60, 20]} for moved in reply["examples"].values())
    assert len(reply["examples"]) == reply["looked_at"] - 1
    assert (await value_of(seeded, KIOSK))["value"] == 30
    assert len((await seeded.get("/api/staff/v1/settings/revisions")).json()) == 1


async def test_a_revert_is_a_new_revision_and_never_undoes_later_ones(seeded: Desk) -> None:
    await put(seeded, change("region", CITY, 10), change("region", CITY, False, "face_enabled"))
    await put(seeded, change("region", CITY, 20))
    reply = await seeded.post("/api/staff/v1/settings/revisions/1/revert", json={})
    assert reply.status_code == 409
    assert "changed again since" in reply.json()["detail"]
    reply = await seeded.post("/api/staff/v1/settings/revisions/2/revert", json={"note": "too loud"})
    assert (reply.status_code, reply.json()["reverts"]) == (201, 2)
    assert (await value_of(seeded))["value"] == 10
    reply = await seeded.post("/api/staff/v1/settings/revisions/1/revert", json={})
    assert reply.status_code == 201
    assert (await value_of(seeded))["chain"] == []


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        (change("region", CITY, 101), 422),
        (change("region", CITY, "60"), 422),
        (change("region", CITY, True), 422),
        (change("region", CITY, "25:00", "opens_at"), 422),
        (change("region", CITY, "a\nb", "site"), 422),
        (change("region", CITY, 1, "no_such_setting"), 422),
        (change("region", "970000000000", 1), 404),
        (change("region", "99", 1), 404),
        (change("site", "nowhere", 1), 404),
        (change("kiosk", "nobody", 1), 404),
        (change("planet", "earth", 1), 422),
    ],
)
async def test_what_cannot_be_set(seeded: Desk, wrong: dict[str, Any], status: int) -> None:
    await put(seeded, change("region", OTHER_CITY, 33), wrong, expect=status)
    assert (await value_of(seeded, "K-" + OTHER_CITY))["value"] == 60, "a change set is all or nothing"


async def test_regions_are_kept_apart(seeded: Desk) -> None:
    await put(seeded, change("region", OTHER_CITY, 1), staff=OF_CITY, expect=404)
    await put(seeded, change("region", PROVINCE, 1), staff=OF_CITY, expect=404)
    await put(seeded, change("kiosk", "K-" + OTHER_CITY, 1), staff=OF_CITY, expect=404)
    await put(seeded, change("kiosk", KIOSK, 1), staff=OF_CITY)
    elsewhere = staff_with(Role.SYSTEM_ADMIN, OTHER_CITY)
    assert (await seeded.post("/api/staff/v1/settings/revisions/1/revert", elsewhere, json={})).status_code == 404
    assert (await seeded.get("/api/staff/v1/settings/revisions", elsewhere)).json() == []


async def test_pages_change_by_preview(seeded: Desk) -> None:
    for path in ("/console/settings", f"/console/settings?scope=kiosk&id={KIOSK}", "/console/settings/history"):
        assert (await seeded.get(path)).status_code == 200
    form = {"scope": "region", "id": CITY, "volume": "25", "face_enabled": "true", "note": "quiet"}
    seen = await seeded.post("/console/settings/preview", data=form)
    assert seen.status_code == 200
    assert 'name="set:volume" value="25"' in seen.text
    assert "set:face_enabled" not in seen.text, "unchanged"
    done = await seeded.post("/console/settings", data={"scope": "region", "id": CITY, "set:volume": "25"})
    assert done.status_code == 303
    assert (await value_of(seeded))["value"] == 25
    wrong = await seeded.post("/console/settings/preview", data=form | {"volume": "loud"})
    assert wrong.status_code == 422
    assert "“音量”须为整数" in wrong.text
    panel = await seeded.get(f"/console/kiosks/{KIOSK}/panels/settings")
    assert "25" in panel.text
    back = {"scope": "region", "id": CITY, "volume": "25", "inherit:volume": "on"}
    seen = await seeded.post("/console/settings/preview", data=back)
    assert "__inherit__" in seen.text


async def test_many_at_once_are_numbered_one_after_the_other(seeded: Desk) -> None:
    import asyncio

    await asyncio.gather(*(put(seeded, change("kiosk", KIOSK, number)) for number in range(8)))
    found = (await seeded.get("/api/staff/v1/settings/revisions")).json()
    assert [revision["revision"] for revision in found] == list(range(8, 0, -1))
    befores = [revision["changes"][0]["before"] for revision in found[:-1]]
    afters = [revision["changes"][0]["after"] for revision in found[1:]]
    assert befores == afters, "each knew what it replaced"


places = places_of("K", "S", "990101001001")
words = st.dictionaries(st.sampled_from(places), st.integers(0, 100), max_size=len(places))


@given(words)
def test_the_nearest_word_counts(said: dict[tuple[str, str], int]) -> None:
    found = resolve(places, {place: {"volume": (value, 1)} for place, value in said.items()})["volume"]
    near = [place for place in places if place in said]
    assert found.value == (said[near[-1]] if near else 60)
    assert len(found.chain) == len(said)


@given(st.sampled_from(sorted(SETTINGS)), st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()))
def test_any_value_is_judged(key: str, value: object) -> None:
    assert fault_of(key, value) is None or isinstance(fault_of(key, value), str)


def test_every_default_fits() -> None:
    assert {key: fault_of(key, setting.default) for key, setting in SETTINGS.items()} == dict.fromkeys(SETTINGS)


async def test_a_kiosk_entered_later_is_told_as_well(seeded: Desk) -> None:
    from datetime import UTC, datetime

    from backend.fleet.models import Site
    from backend.fleet.register import add_kiosk

    await put(seeded, change("region", PROVINCE, 10))
    async with writing(seeded.sessions) as session:
        site = await session.get_one(Site, "S-" + CITY)
        await add_kiosk(session, "new-one", site, datetime.now(UTC))
        await session.commit()
        assert (await session.get_one(KioskPulse, "new-one")).settings_wanted == 1
