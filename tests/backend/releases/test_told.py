"""What people are told of a rollout: before they agree, when it cannot be, and when it went wrong."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from backend.alerts.desk_watch import DeskWatch
from backend.alerts.models import Alert
from backend.alerts.rules import RULES
from backend.releases.states import MemberState as M
from backend.staff.approvals import Approval, ApprovalState
from tests.backend.desk import CITY, Desk
from tests.backend.releases.fleet import PUBLISHER, SECOND, Fleet


@pytest.fixture
async def fleet(desk: Desk) -> Fleet:
    await desk.seed(0.001)
    made = Fleet(desk)
    await made.enrol_all()
    await made.enter()
    return made


async def test_the_card_says_what_is_agreed_to(fleet: Fleet) -> None:
    plan = await fleet.plan(window_from=22 * 60, window_to=5 * 60)
    await fleet.deed(plan["rollout_id"], "request-release")
    card = (await fleet.desk.get("/console/approvals", SECOND, headers={"accept-language": "en"})).text
    release = (await fleet.desk.get("/api/staff/v1/releases", PUBLISHER)).json()[0]
    size = sum(group["size"] for group in plan["groups"])
    for said in (
        "v2",
        release["sha256"],
        f"<dd>{size:,}</dd>",
        "22:00–05:00",
        f"/console/rollouts/{plan['rollout_id']}",
    ):
        assert said in card


async def test_whoever_is_in_the_way_is_named_and_linked(fleet: Fleet) -> None:
    first = await fleet.start(await fleet.plan(title="头一个"))
    second = await fleet.plan(members={"regions": [CITY]}, groups=[{"name": "all", "share": 100}])
    await fleet.deed(second["rollout_id"], "request-release")
    async with fleet.desk.sessions() as session:
        asked = await session.scalar(select(Approval.approval_id).where(Approval.state == ApprovalState.OPEN.value))
    path = f"/console/approvals/{asked}"
    reply = await fleet.desk.post(path, SECOND, data={"decision": "agree"}, headers={"accept-language": "zh"})
    assert reply.status_code == 409
    assert "另一个未结束的发布“头一个”" in reply.text
    assert f'href="/console/rollouts/{first}"' in reply.text


async def test_what_was_said_stays_said_after_it_is_taken_back(fleet: Fleet) -> None:
    rollout = await fleet.start(await fleet.plan(groups=[{"name": "a", "share": 50}, {"name": "b", "share": 100}]))
    await fleet.step()
    told = await fleet.members(rollout, M.OFFERED)
    await fleet.say(rollout, told[:4], "running")
    await fleet.say(rollout, told[4:6], "failed", "v1", "no space")
    await fleet.step()
    await fleet.say(rollout, told[4:6], "failed", "v1")  # told again, without the words
    await fleet.deed(rollout, "take-back")
    await fleet.step(400 * 86_400)
    shown = (await fleet.desk.get(f"/api/staff/v1/rollouts/{rollout}", PUBLISHER)).json()
    assert shown["reasons"] == {"silent": 4, "no space": 2}
    assert [(group["attempted"], group["errors"]) for group in shown["groups"]] == [(6, 2), (0, 0)]


@pytest.mark.parametrize("by_hand", [True, False])
async def test_the_alert_says_who_halted_it(fleet: Fleet, by_hand: bool) -> None:
    rollout = await fleet.start(await fleet.plan())
    await fleet.step()
    if by_hand:
        await fleet.deed(rollout, "halt")
    else:
        await fleet.say(rollout, await fleet.members(rollout, M.OFFERED), "failed", "v1", "no space")
        await fleet.step()
    assert await fleet.state(rollout) == "halted"
    watch = DeskWatch(fleet.desk.sessions, fleet.desk.app.state.jobs, lambda: datetime.now(UTC))
    await watch.run()
    async with fleet.desk.sessions() as session:
        alert = await session.scalar(select(Alert).where(Alert.rule == "rollout"))
    assert alert is not None
    assert ("由人中止" in RULES["rollout"].words(alert.detail)[0]) == by_hand
    assert ("自动停止" in RULES["rollout"].words(alert.detail)[0]) != by_hand


async def test_a_trial_need_not_wait_for_the_night(fleet: Fleet) -> None:
    form = (await fleet.desk.get("/console/rollouts/new", PUBLISHER)).text
    assert 'name="window_from" type="time" value=""' in form
    await fleet.enter("content", "2026.11.1")
    form = (await fleet.desk.get("/console/rollouts/new", PUBLISHER)).text
    assert 'name="window_from" type="time" value="22:00"' in form


async def test_the_region_is_chosen_by_name(fleet: Fleet) -> None:
    form = (await fleet.desk.get("/console/rollouts/new", PUBLISHER)).text
    assert f'<option value="{CITY}">' in form
    asked = {"title": "x", "release_id": fleet.release_id, "region": CITY, "regions": "", "shares": "50"}
    usual = {"max_error_percent": "5", "min_sample": "1", "silence_minutes": "30", "reach_hours": "12"}
    asked |= usual | {"soak_minutes": "0", "kilobytes_per_s": "0"}
    assert (await fleet.desk.post("/console/rollouts/new", PUBLISHER, data=asked)).status_code == 303
    bad = await fleet.desk.post(
        "/console/rollouts/new", PUBLISHER, data=asked | {"min_sample": "0"}, headers={"accept-language": "zh"}
    )
    assert "请检查：最少尝试台数" in bad.text
