"""A rollout from draft to done, and all the ways it stops."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from backend.db.engine import writing
from backend.fleet.models import Kiosk, KioskPulse, KioskState
from backend.releases.states import MemberState as M
from backend.staff.roles import Role
from tests.backend.desk import CITY, OTHER_CITY, Desk, staff_with
from tests.backend.releases.fleet import PUBLISHER, Fleet


@pytest.fixture
async def fleet(desk: Desk) -> Fleet:
    await desk.seed(0.002)
    made = Fleet(desk)
    await made.enrol_all()
    await made.enter()
    return made


async def test_group_by_group_to_the_end(fleet: Fleet) -> None:
    rollout = await fleet.start(await fleet.plan())
    everybody = await fleet.members(rollout)
    await fleet.step()
    first = await fleet.members(rollout, M.OFFERED)
    assert len(first) == round(len(everybody) / 10)
    assert await fleet.told() == first
    await fleet.step(60)
    assert await fleet.members(rollout, M.OFFERED) == first, "nobody was heard: nobody is attempted"
    await fleet.heartbeat(first)
    await fleet.step(5)
    assert await fleet.members(rollout, M.ATTEMPTED) == first
    await fleet.say(rollout, first, "installing", "v1")
    await fleet.step(5)
    assert await fleet.members(rollout, M.ATTEMPTED) == first, "installing is not running"
    await fleet.say(rollout, first, "running", "v1")
    assert await fleet.members(rollout, M.ATTEMPTED) == first, "the old version running is no success"
    await fleet.say(rollout, first, "running")
    assert await fleet.told() == []
    await fleet.step(5)
    await fleet.step(5)
    second = await fleet.members(rollout, M.OFFERED)
    assert sorted(first + second) == everybody
    await fleet.say(rollout, second, "running")
    await fleet.step(5)
    await fleet.step(5)
    assert await fleet.state(rollout) == "done"


async def test_nothing_moves_before_two_people_agree(fleet: Fleet) -> None:
    rollout = (await fleet.plan())["rollout_id"]
    await fleet.step()
    await fleet.deed(rollout, "request-release")
    await fleet.step()
    assert await fleet.told() == []
    assert await fleet.state(rollout) == "awaiting-approval"
    await fleet.deed(rollout, "cancel")
    with pytest.raises(Exception, match="does not wait"):
        await fleet.agree()


async def test_the_gate_halts_and_takes_the_offers_back(fleet: Fleet) -> None:
    rollout = await fleet.start(await fleet.plan(groups=[{"name": "a", "share": 50}, {"name": "b", "share": 100}]))
    await fleet.step()
    first = await fleet.members(rollout, M.OFFERED)
    await fleet.say(rollout, first[:4], "running")
    await fleet.say(rollout, first[4:6], "failed", "v1", "self-check: screen does not render")
    await fleet.step()
    assert await fleet.state(rollout) == "halted"
    assert await fleet.told() == []
    assert len(await fleet.members(rollout, M.WITHDRAWN)) == len(await fleet.members(rollout)) - 6
    reply = await fleet.desk.get(f"/api/staff/v1/rollouts/{rollout}", PUBLISHER)
    assert reply.json()["reason"] == "a: 2 of 6 attempted failed; allowed are 10.0%"
    assert reply.json()["reasons"] == {"self-check: screen does not render": 2}
    assert (await fleet.deed(rollout, "halt"))["state"] == "halted", "halting twice is no fault"
    # One that was in the middle of it comes through all the same.
    await fleet.say(rollout, first[6:7], "running")
    assert first[6] in await fleet.members(rollout, M.SUCCEEDED)


async def test_silence_after_hearing_is_failure_but_not_before(fleet: Fleet) -> None:
    rollout = await fleet.start(await fleet.plan())
    await fleet.step()
    first = await fleet.members(rollout, M.OFFERED)
    fleet.now += timedelta(seconds=60)
    await fleet.heartbeat(first[:-1])
    await fleet.step()
    assert await fleet.members(rollout, M.ATTEMPTED) == first[:-1]
    await fleet.say(rollout, first[:4], "running")
    await fleet.step(605)
    assert await fleet.members(rollout, M.SILENT) == first[4:-1]
    assert await fleet.state(rollout) == "halted"


async def test_whom_nobody_hears_is_waited_for_and_does_not_count(fleet: Fleet) -> None:
    rollout = await fleet.start(await fleet.plan())
    await fleet.step()
    first = await fleet.members(rollout, M.OFFERED)
    await fleet.say(rollout, first[1:], "running")
    await fleet.step(60)
    assert await fleet.state(rollout) == "running"
    assert await fleet.members(rollout, M.OFFERED) == first[:1]
    await fleet.step(3600)
    await fleet.step()
    assert await fleet.members(rollout, M.UNREACHED) == first[:1]
    assert len(await fleet.members(rollout, M.OFFERED)) > 1, "the next group has begun"
    await fleet.say(rollout, first[:1], "running")
    assert first[0] in await fleet.members(rollout, M.SUCCEEDED), "it takes the version when it is back"


async def test_nothing_heard_at_all_is_no_success(fleet: Fleet) -> None:
    rollout = await fleet.start(await fleet.plan())
    await fleet.step()
    await fleet.step(3620)
    await fleet.step()
    assert await fleet.state(rollout) == "halted"


async def test_pause_holds_the_next_group_back(fleet: Fleet) -> None:
    rollout = await fleet.start(await fleet.plan())
    await fleet.step()
    first = await fleet.members(rollout, M.OFFERED)
    await fleet.deed(rollout, "pause")
    assert (await fleet.deed(rollout, "pause"))["state"] == "paused"
    await fleet.say(rollout, first, "running")
    await fleet.step(5)
    await fleet.step(5)
    assert await fleet.members(rollout, M.OFFERED) == []
    await fleet.deed(rollout, "resume")
    await fleet.step()
    assert len(await fleet.members(rollout, M.OFFERED)) > 0


async def test_soak_time_between_groups(fleet: Fleet) -> None:
    rollout = await fleet.start(await fleet.plan(soak_s=1800))
    await fleet.step()
    await fleet.say(rollout, await fleet.members(rollout, M.OFFERED), "running")
    await fleet.step()
    await fleet.step(1000)
    assert await fleet.members(rollout, M.OFFERED) == []
    await fleet.step(801)
    assert len(await fleet.members(rollout, M.OFFERED)) > 0


async def test_taken_back_to_the_version_before(fleet: Fleet) -> None:
    rollout = await fleet.start(await fleet.plan())
    await fleet.step()
    first = await fleet.members(rollout, M.OFFERED)
    await fleet.say(rollout, first, "running")
    await fleet.deed(rollout, "take-back")
    assert await fleet.told() == first
    order = await fleet.desk.app.state.rollout_orders.order(rollout, first[0])
    assert (order.restore, order.not_before) == (True, None)
    await fleet.say(rollout, first[:1], "running", "v2")
    assert await fleet.members(rollout, M.RESTORING) == first, "still the new one"
    await fleet.say(rollout, first, "running", "v1")
    await fleet.step()
    assert await fleet.state(rollout) == "rolled-back"
    assert await fleet.told() == []


async def test_one_that_cannot_go_back_is_named(fleet: Fleet) -> None:
    rollout = await fleet.start(await fleet.plan())
    await fleet.step()
    first = await fleet.members(rollout, M.OFFERED)
    await fleet.say(rollout, first, "running")
    await fleet.deed(rollout, "take-back")
    await fleet.say(rollout, first[1:], "running", "v1")
    # Deeds of people carry the real clock; the step is far behind it.
    await fleet.step(400 * 86_400)
    assert await fleet.state(rollout) == "rolled-back"
    assert await fleet.members(rollout, M.STUCK) == first[:1]


async def test_content_succeeds_by_what_the_heartbeat_says(fleet: Fleet) -> None:
    await fleet.enter("content", "v2", b"a pack")
    rollout = await fleet.start(await fleet.plan())
    await fleet.step()
    first = await fleet.members(rollout, M.OFFERED)
    async with writing(fleet.desk.sessions) as session:
        wanted = await session.scalars(select(KioskPulse.kiosk_id).where(KioskPulse.content_wanted == "v2"))
        assert sorted(wanted) == first
        await session.execute(update(KioskState).where(KioskState.kiosk_id.in_(first[:2])).values(content="v2"))
        await session.commit()
    fleet.now += timedelta(seconds=60)
    await fleet.heartbeat(first[:2])
    await fleet.step()
    assert await fleet.members(rollout, M.SUCCEEDED) == first[:2]
    await fleet.deed(rollout, "halt")
    async with fleet.desk.sessions() as session:
        wanted = await session.scalars(select(KioskPulse.kiosk_id).where(KioskPulse.content_wanted == "v2"))
        assert sorted(wanted) == first[:2]
        others = await session.scalars(select(KioskPulse.content_wanted).where(KioskPulse.kiosk_id.in_(first[2:])))
        assert set(others) == {"v1"}, "they want what they had"


async def test_membership_is_fixed_when_it_is_made(fleet: Fleet) -> None:
    plan = await fleet.plan()
    before = await fleet.members(plan["rollout_id"])
    async with writing(fleet.desk.sessions) as session:
        moved = await session.get_one(Kiosk, before[0])
        moved.region_code = "980000000000"
        await session.commit()
    assert await fleet.members(plan["rollout_id"]) == before


async def test_a_kiosk_is_in_one_open_rollout_at_most(fleet: Fleet) -> None:
    await fleet.start(await fleet.plan())
    second = await fleet.plan(members={"regions": [CITY]}, groups=[{"name": "all", "share": 100}])
    await fleet.deed(second["rollout_id"], "request-release")
    with pytest.raises(Exception, match="another rollout"):
        await fleet.agree()


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"max_error_share": 1.0}, 422),
        ({"min_sample": 0}, 422),
        ({"groups": []}, 422),
        ({"groups": [{"name": "a"}]}, 422),
        ({"window_from": 60}, 422),
        ({"release_id": "none"}, 422),
        ({"members": {"kiosks": ["nobody"]}}, 422),
        ({"members": {}}, 422),
        ({"surprise": 1}, 422),
    ],
)
async def test_plans_that_cannot_be(fleet: Fleet, change: dict[str, object], status: int) -> None:
    plan = {"title": "x", "release_id": fleet.release_id, "members": {"regions": [CITY]}} | change
    reply = await fleet.desk.post("/api/staff/v1/rollouts", PUBLISHER, json=plan)
    assert reply.status_code == status
    assert reply.json()["detail"]


async def test_a_publisher_of_a_city_releases_to_that_city_only(fleet: Fleet) -> None:
    of_city = staff_with(Role.PUBLISHER, CITY)
    plan = {
        "title": "x",
        "release_id": fleet.release_id,
        "members": {"regions": ["99" + "0" * 10]},
        "groups": [{"name": "all", "share": 100}],
    }
    reply = await fleet.desk.post("/api/staff/v1/rollouts", of_city, json=plan)
    rollout = reply.json()["rollout_id"]
    assert all(name.startswith("K-9901") for name in await fleet.members(rollout))
    elsewhere = staff_with(Role.PUBLISHER, OTHER_CITY)
    assert (await fleet.desk.get(f"/api/staff/v1/rollouts/{rollout}", elsewhere)).status_code == 404
    reply = await fleet.desk.post(f"/api/staff/v1/rollouts/{rollout}/deeds", elsewhere, json={"deed": "cancel"})
    assert reply.status_code == 404


async def test_a_version_is_entered_once(fleet: Fleet) -> None:
    reply = await fleet.desk.post(
        "/api/staff/v1/releases",
        PUBLISHER,
        data={"kind": "trial", "version": "v2"},
        files={"payload": ("payload", b"other bytes")},
    )
    assert reply.status_code == 409


async def test_the_payload_is_for_members_and_in_ranges(fleet: Fleet) -> None:
    from backend.deps import Kiosk as Asking
    from backend.deps import current_kiosk

    await fleet.plan(members={"regions": [CITY]}, groups=[{"name": "all", "share": 100}])
    asking = {"who": "K-" + CITY}
    fleet.desk.app.dependency_overrides[current_kiosk] = lambda: Asking(asking["who"], "")
    path = f"/fleet/v1/releases/{fleet.release_id}/payload"
    whole = await fleet.desk.get(path, None)
    assert whole.content == b'{"version": "v2"}'
    part = await fleet.desk.get(path, None, headers={"Range": "bytes=2-"})
    assert (part.status_code, part.content) == (206, b'version": "v2"}')
    asking["who"] = "K-" + OTHER_CITY
    assert (await fleet.desk.get(path, None)).status_code == 404


async def test_pages(fleet: Fleet) -> None:
    rollout = await fleet.start(await fleet.plan())
    await fleet.step()
    first = await fleet.members(rollout, M.OFFERED)
    await fleet.say(rollout, first[:1], "failed", "v1", "no space")
    for path in ("/console/rollouts", "/console/rollouts/new", f"/console/rollouts/{rollout}"):
        for language, word in (("zh", "发布"), ("en", "ollout")):
            reply = await fleet.desk.get(path, PUBLISHER, headers={"accept-language": language})
            assert reply.status_code == 200, reply.text
            assert word in reply.text
    live = await fleet.desk.get(f"/console/rollouts/{rollout}/live", PUBLISHER)
    assert "no space" in live.text
    panel = await fleet.desk.get(f"/console/kiosks/{first[0]}/panels/rollouts", PUBLISHER)
    assert "第二版" in panel.text


async def test_the_form_makes_the_same_plan(fleet: Fleet) -> None:
    form = {
        "title": "夜间",
        "release_id": fleet.release_id,
        "regions": CITY,
        "first": "K-" + CITY,
        "shares": "50",
        "max_error_percent": "5",
        "min_sample": "1",
        "silence_minutes": "30",
        "reach_hours": "12",
        "soak_minutes": "0",
        "window_from": "22:30",
        "window_to": "05:00",
        "kilobytes_per_s": "200",
    }
    reply = await fleet.desk.post("/console/rollouts/new", PUBLISHER, data=form)
    assert reply.status_code == 303, reply.text
    rollout = (await fleet.desk.get("/api/staff/v1/rollouts", PUBLISHER)).json()[0]
    assert [group["name"] for group in rollout["groups"]] == ["先行", "50%", "其余"]
    broken = await fleet.desk.post("/console/rollouts/new", PUBLISHER, data=form | {"min_sample": "many"})
    assert broken.status_code == 422
    assert "夜间" in broken.text, "what was typed is still there"
