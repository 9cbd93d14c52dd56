"""Signing in: password, second factor, lock-out, sessions; on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from backend.db.engine import writing
from backend.regions.synthetic import PROVINCE
from backend.staff import accounts
from backend.staff.audit import AuditEntry
from backend.staff.door import Door
from backend.staff.models import RecoveryCode, StaffMember, StaffSession
from backend.staff.roles import Grant, Role
from tests.backend.desk import Desk
from tests.backend.staff.people import OTHER_PASSWORD, PASSWORD, Browser, Clock, add_person, browser, code_at, real_door


@dataclass
class Scene:
    desk: Desk
    door: Door
    clock: Clock
    it: Browser


@pytest.fixture
async def scene(desk: Desk) -> AsyncIterator[Scene]:
    door, clock = real_door(desk)
    await add_person(door, "wang", [Grant(Role.OPERATOR, PROVINCE)])
    async with browser(desk) as it:
        yield Scene(desk, door, clock, it)


async def me(it: Browser) -> int:
    return (await it.client.get("/api/staff/v1/me")).status_code


async def test_in_and_out(scene: Scene) -> None:
    it = scene.it
    assert await me(it) == 401
    reply = await it.sign_in("Wang ")
    assert (reply.status_code, reply.headers["location"]) == (303, "/console/")
    cookie = reply.headers.get_list("set-cookie")[-1]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert await me(it) == 200
    async with scene.desk.sessions() as session:
        stored = (await session.scalars(select(StaffSession))).one()
    assert it.session
    assert it.session not in stored.session_hash
    old = it.session
    assert (await it.post("/console/sign-out")).status_code == 303
    it.client.cookies.set("menkou_session", old)
    assert await me(it) == 401


async def test_production_cookies_are_for_https_and_this_host_only(scene: Scene) -> None:
    scene.door.production = True
    reply = await scene.it.sign_in("wang")
    cookie = reply.headers.get_list("set-cookie")[-1]
    assert cookie.startswith("__Host-menkou_session=")
    assert "Secure" in cookie
    assert "Path=/;" in cookie


async def test_a_sign_in_takes_a_new_session_and_ends_the_browser_s_old_one(scene: Scene) -> None:
    await scene.it.sign_in("wang")
    first = scene.it.session
    await scene.it.sign_in("wang")
    assert scene.it.session != first
    scene.it.client.cookies.set("menkou_session", first)
    assert await me(scene.it) == 401


async def test_the_browser_s_old_session_ends_before_the_code(scene: Scene) -> None:
    it = scene.it
    await add_person(scene.door, "li", [Grant(Role.OPERATOR, PROVINCE)])
    await it.sign_in("li")
    await it.enrol(scene.clock)
    await it.post("/console/sign-out")
    await it.sign_in("wang")
    first = it.session
    reply = await it.sign_in("li")
    assert "code" in reply.headers["location"]
    it.client.cookies.set("menkou_session", first)
    assert await me(it) == 401  # wang's is not left open while li looks for the code


@pytest.mark.parametrize("wanted", ["https://evil.invalid/", "//evil.invalid", "/\\evil.invalid", "/console/../x", "x"])
async def test_nobody_is_sent_to_another_site(scene: Scene, wanted: str) -> None:
    reply = await scene.it.sign_in("wang", next=wanted)
    assert reply.headers["location"] == "/console/"


async def test_a_page_that_was_wanted_comes_after_the_sign_in(scene: Scene) -> None:
    refused = await scene.it.get("/console/account?done=x")
    assert refused.headers["location"] == "/console/sign-in?next=/console/account%3Fdone%3Dx"
    assert (await scene.it.sign_in("wang", next="/console/account?done=x")).headers["location"] == (
        "/console/account?done=x"
    )


async def test_idle_and_absolute_ends(scene: Scene) -> None:
    await scene.it.sign_in("wang")
    for _ in range(24):  # twelve hours of work, always seen
        scene.clock.forward(minutes=29)
        assert await me(scene.it) == 200
    scene.clock.forward(minutes=29)
    assert await me(scene.it) == 401
    await scene.it.sign_in("wang")
    scene.clock.forward(minutes=31)
    assert await me(scene.it) == 401


async def test_refusals_look_alike(scene: Scene) -> None:
    wrong = await scene.it.sign_in("wang", "no-such-password")
    unknown = await scene.it.sign_in("nobody-here", "no-such-password")
    assert (wrong.status_code, wrong.text) == (unknown.status_code, unknown.text) == (403, wrong.text)
    for _ in range(6):
        await scene.it.sign_in("wang", "no-such-password")
    locked = await scene.it.sign_in("wang", PASSWORD)  # the right one
    assert (locked.status_code, locked.text) == (403, wrong.text)


async def test_unknown_logins_take_a_hash_too(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []
    right = scene.door.passwords.check

    async def check(stored: str, password: str) -> bool:
        checked.append(stored)
        return await right(stored, password)

    monkeypatch.setattr(scene.door.passwords, "check", check)
    await scene.it.sign_in("nobody-here")
    await scene.it.sign_in("wang")
    assert checked[0] == ""
    assert len(checked) == 2


async def test_the_lock_grows_and_always_ends(scene: Scene) -> None:
    for _ in range(5):
        await scene.it.sign_in("wang", "wrong")
    rests = []
    for _ in range(6):
        async with scene.desk.sessions() as session:
            member = await session.get(StaffMember, "wang")
        assert member is not None
        assert member.locked_until is not None
        rests.append(round((member.locked_until - scene.clock.now).total_seconds() / 60))
        for _ in range(3):
            await scene.it.sign_in("wang", "wrong")  # while it rests: does not count
        scene.clock.now = member.locked_until
        await scene.it.sign_in("wang", "wrong")
    assert rests == [1, 2, 4, 8, 15, 15]
    scene.clock.forward(minutes=15)
    assert (await scene.it.sign_in("wang")).status_code == 303


async def test_strangers_do_not_keep_the_owner_out(scene: Scene) -> None:
    await scene.it.sign_in("wang")
    await scene.it.post("/console/sign-out")
    async with browser(scene.desk) as stranger:
        for _ in range(9):
            await stranger.sign_in("wang", "wrong")
        assert (await stranger.sign_in("wang")).status_code == 403
    assert (await scene.it.sign_in("wang")).status_code == 303
    for _ in range(5):  # but the owner's browser has no more tries than others
        await scene.it.sign_in("wang", "wrong")
    assert (await scene.it.sign_in("wang")).status_code == 403


async def test_a_first_password_must_be_changed_and_does_not_last(scene: Scene) -> None:
    await add_person(scene.door, "li", [Grant(Role.VIEWER, PROVINCE)], must_change=True, name="李样本")
    it = scene.it
    assert (await it.sign_in("li")).headers["location"] == "/console/account/password"
    assert await me(it) == 401  # nothing else yet
    assert (await it.get("/console/account")).headers["location"] == "/console/account/password"
    before = it.session
    for bad in ("short", "password123456", "li-li-li-李样本-xx", "123456789012", "aaaaaaaaaaaaaa", PASSWORD):
        reply = await it.post("/console/account/password", old=PASSWORD, new=bad, again=bad)
        assert reply.status_code == 422, bad
    done = await it.post("/console/account/password", old=PASSWORD, new=OTHER_PASSWORD, again=OTHER_PASSWORD)
    assert done.status_code == 303
    assert it.session != before
    assert await me(it) == 200

    await add_person(scene.door, "zhao", must_change=True)
    scene.clock.forward(hours=73)
    assert (await it.sign_in("zhao")).status_code == 403


async def test_the_last_five_passwords_do_not_come_back(scene: Scene) -> None:
    it = scene.it
    await it.sign_in("wang")
    present = PASSWORD
    for n in range(5):
        new = f"{OTHER_PASSWORD}-{n}"
        assert (await it.post("/console/account/password", old=present, new=new, again=new)).status_code == 303
        again = await it.post("/console/account/password", old=new, new=PASSWORD, again=PASSWORD)
        assert again.status_code == (422 if n < 4 else 303)
        present = new


async def test_a_wrong_present_password_ends_the_session_at_the_fifth(scene: Scene) -> None:
    await scene.it.sign_in("wang")
    for _ in range(5):
        fields = {"old": "wrong", "new": OTHER_PASSWORD, "again": OTHER_PASSWORD}
        assert (await scene.it.post("/console/account/password", **fields)).status_code == 403
    assert await me(scene.it) == 401


async def test_the_second_factor(scene: Scene) -> None:
    it, clock = scene.it, scene.clock
    await it.sign_in("wang")
    secret, codes = await it.enrol(clock)
    assert len(set(codes)) == 10
    async with scene.desk.sessions() as session:
        member = await session.get(StaffMember, "wang")
        assert member is not None
        assert member.totp_secret is not None
        assert secret.encode() not in member.totp_secret
        hashes = set(await session.scalars(select(RecoveryCode.code_hash)))
    assert not hashes & set(codes)

    assert (await it.sign_in("wang")).headers["location"] == "/console/sign-in/code"
    assert await me(it) == 401  # half-way is outside
    used = await it.post("/console/sign-in/code", code=code_at(secret, clock))
    assert used.status_code == 403  # it was used for the set-up
    clock.forward(seconds=30)
    half_way = it.session
    assert (await it.post("/console/sign-in/code", code=code_at(secret, clock))).status_code == 303
    assert it.session != half_way
    assert await me(it) == 200

    await it.sign_in("wang")
    assert (await it.post("/console/sign-in/code", code=code_at(secret, clock))).status_code == 403
    assert (await it.post("/console/sign-in/code", code=code_at(secret, clock, -1))).status_code == 403
    assert (await it.post("/console/sign-in/code", code=code_at(secret, clock, 2))).status_code == 403
    assert (await it.post("/console/sign-in/code", code=code_at(secret, clock, 1))).status_code == 303

    await it.sign_in("wang")
    typed = codes[0].upper().replace("-", " ")
    assert (await it.post("/console/sign-in/code", code=typed)).status_code == 303
    await it.sign_in("wang")
    assert (await it.post("/console/sign-in/code", code=codes[0])).status_code == 403
    assert (await it.post("/console/sign-in/code", code=codes[1])).status_code == 303


async def test_codes_cannot_be_tried_for_ever(scene: Scene) -> None:
    it = scene.it
    await it.sign_in("wang")
    secret, _ = await it.enrol(scene.clock)
    scene.clock.forward(seconds=60)
    await it.sign_in("wang")
    for _ in range(5):
        assert (await it.post("/console/sign-in/code", code="000000")).status_code == 403
    right = code_at(secret, scene.clock)
    assert (await it.post("/console/sign-in/code", code=right)).status_code == 403  # this sign-in is over
    assert (await it.sign_in("wang")).status_code == 403  # and the account rests
    scene.clock.forward(minutes=2)
    await it.sign_in("wang")
    assert (await it.post("/console/sign-in/code", code=code_at(secret, scene.clock))).status_code == 303


async def test_where_it_is_mandatory_nobody_gets_past_it(scene: Scene) -> None:
    scene.door.settings.second_factor = True
    it = scene.it
    assert (await it.sign_in("wang")).headers["location"] == "/console/account/second-factor"
    assert await me(it) == 401
    await it.get("/console/account/second-factor")
    wrong = await it.post("/console/account/second-factor", code="000000")
    assert wrong.status_code == 422
    assert await me(it) == 401
    await it.enrol(scene.clock)
    assert await me(it) == 200


async def test_a_disabled_account_and_changed_roles_end_sessions_at_once(scene: Scene) -> None:
    boss = accounts.command_line("test")
    await scene.it.sign_in("wang")
    async with writing(scene.desk.sessions) as session:
        await accounts.grant(session, boss, "wang", Grant(Role.VIEWER, "990100000000"), scene.clock.now, apart=True)
        await session.commit()
    assert await me(scene.it) == 401
    await scene.it.sign_in("wang")
    async with writing(scene.desk.sessions) as session:
        await accounts.set_active(session, boss, "wang", False, scene.clock.now)
        await session.commit()
    assert await me(scene.it) == 401
    assert (await scene.it.sign_in("wang")).status_code == 403


async def test_signing_out_everywhere_spares_this_browser(scene: Scene) -> None:
    async with browser(scene.desk) as elsewhere:
        await elsewhere.sign_in("wang")
        await scene.it.sign_in("wang")
        assert (await scene.it.post("/console/account/sign-out-everywhere")).status_code == 303
        assert await me(elsewhere) == 401
        assert await me(scene.it) == 200


@pytest.mark.parametrize("origin", ["https://evil.invalid", "null", "http://desk.invalid.evil.invalid"])
async def test_other_sites_change_nothing(scene: Scene, origin: str) -> None:
    await scene.it.sign_in("wang")
    refused = await scene.it.post("/console/sign-out", origin=origin)
    assert (refused.status_code, refused.json()["code"]) == (403, "cross-site")
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "http://desk.invalid"}
    assert (await scene.it.client.post("/console/sign-out", headers=headers)).status_code == 403
    assert (await scene.it.client.post("/console/sign-out")).status_code == 403  # our cookie, and no word whence
    assert await me(scene.it) == 200


async def test_the_language_is_kept_and_leads_back(scene: Scene) -> None:
    headers = {"Referer": "http://desk.invalid/console/sign-in?next=/console/x", "Origin": "http://desk.invalid"}
    reply = await scene.it.client.post("/console/language", data={"language": "en"}, headers=headers)
    assert reply.headers["location"] == "/console/sign-in"
    assert "Sign in" in (await scene.it.get("/console/sign-in")).text
    headers["Referer"] = "https://evil.invalid/console/kiosks"
    reply = await scene.it.client.post("/console/language", data={"language": "zh"}, headers=headers)
    assert reply.headers["location"] == "/console/"


async def test_the_audit_log_tells_it_without_secrets(scene: Scene) -> None:
    await scene.it.sign_in("wang", "a-wrong-password")
    await scene.it.sign_in("wang")
    await scene.it.post("/console/sign-out")
    async with scene.desk.sessions() as session:
        entries = list(await session.scalars(select(AuditEntry).order_by(AuditEntry.number)))
    told = [entry.action for entry in entries]
    assert told[-3:] == ["staff.sign-in-refused", "staff.sign-in", "staff.sign-out"]
    everything = str([vars(entry) for entry in entries])
    assert PASSWORD not in everything
    assert "a-wrong-password" not in everything
