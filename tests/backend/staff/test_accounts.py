"""Who may change whose account and roles; API tokens; the administrator's pages; on both databases."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

import backend
from backend.db.engine import writing
from backend.regions.synthetic import PROVINCE
from backend.staff import accounts
from backend.staff.audit import AuditEntry
from backend.staff.errors import StaffError
from backend.staff.models import StaffMember, StaffToken
from backend.staff.roles import Grant, Role, Staff
from tests.backend.desk import CITY, OTHER_CITY, Desk
from tests.backend.staff.people import Browser, Clock, add_person, browser, real_door

API = "/api/staff/v1"


@pytest.fixture
async def clock(desk: Desk) -> Clock:
    door, clock = real_door(desk)
    await add_person(door, "boss", [Grant(Role.SECURITY_ADMIN, PROVINCE)])
    await add_person(door, "city-boss", [Grant(Role.SECURITY_ADMIN, CITY)], region=CITY)
    await add_person(door, "wang", [Grant(Role.OPERATOR, CITY)], region=CITY)
    await add_person(door, "elsewhere", [Grant(Role.OPERATOR, OTHER_CITY)], region=OTHER_CITY)
    return clock


@pytest.fixture
async def boss(desk: Desk, clock: Clock) -> AsyncIterator[Browser]:
    async with browser(desk) as it:
        await it.sign_in("boss")
        yield it


@pytest.fixture
async def city_boss(desk: Desk, clock: Clock) -> AsyncIterator[Browser]:
    async with browser(desk) as it:
        await it.sign_in("city-boss")
        yield it


async def ask(it: Browser, method: str, path: str, body: Any = None) -> httpx.Response:
    return await it.client.request(method, API + path, json=body, headers={"Origin": "http://desk.invalid"})


def role(name: Role, region: str) -> dict[str, str]:
    return {"role": name.value, "region_code": region}


async def test_nobody_sees_or_touches_accounts_elsewhere(city_boss: Browser) -> None:
    seen = {row["login"] for row in (await ask(city_boss, "GET", "/staff")).json()}
    assert seen == {"city-boss", "wang"}
    for method, path, body in (
        ("GET", "", None),
        ("POST", "/disable", None),
        ("POST", "/reset-password", None),
        ("POST", "/end-sessions", None),
        ("POST", "/grants", role(Role.VIEWER, CITY)),
    ):
        assert (await ask(city_boss, method, f"/staff/elsewhere{path}", body)).status_code == 404, path


async def test_nobody_grants_outside_their_own_regions(city_boss: Browser) -> None:
    for region, status in ((CITY, 200), ("990101000000", 200), (OTHER_CITY, 403), (PROVINCE, 403), ("0" * 12, 403)):
        reply = await ask(city_boss, "POST", "/staff/wang/grants", role(Role.VIEWER, region))
        assert reply.status_code == status, region
    assert (await ask(city_boss, "POST", "/staff/wang/grants", role(Role.VIEWER, "99"))).status_code == 422


async def test_accounts_with_roles_elsewhere_belong_to_those_who_look_after_all_of_them(
    boss: Browser, city_boss: Browser
) -> None:
    assert (await ask(boss, "POST", "/staff/wang/grants", role(Role.VIEWER, OTHER_CITY))).status_code == 200
    assert (await ask(city_boss, "GET", "/staff/wang")).status_code == 200
    assert (await ask(city_boss, "POST", "/staff/wang/disable")).status_code == 403
    assert (await ask(city_boss, "POST", "/staff/wang/reset-password")).status_code == 403
    assert (await ask(boss, "POST", "/staff/wang/disable")).status_code == 200


async def test_nobody_changes_themselves(boss: Browser) -> None:
    for path, body in (("/grants", role(Role.AUDITOR, PROVINCE)), ("/disable", None), ("/reset-password", None)):
        reply = await ask(boss, "POST", f"/staff/boss{path}", body)
        assert (reply.status_code, reply.json()["code"]) == (403, "own-account")


async def test_somebody_is_left_to_look_after_accounts(boss: Browser, desk: Desk, clock: Clock) -> None:
    # "boss" also looks after the city: the city's own may go.
    gone = await ask(boss, "DELETE", f"/staff/city-boss/grants/security-admin/{CITY}")
    assert gone.status_code == 200
    line = accounts.command_line("test")
    async with writing(desk.sessions) as session:
        with pytest.raises(StaffError, match="last security"):
            await accounts.revoke(session, line, "boss", Grant(Role.SECURITY_ADMIN, PROVINCE), clock.now)
        with pytest.raises(StaffError, match="last security"):
            await accounts.set_active(session, line, "boss", False, clock.now)


async def test_production_keeps_the_three_administrations_apart(desk: Desk, clock: Clock) -> None:
    line = accounts.command_line("test")
    async with writing(desk.sessions) as session:
        await accounts.grant(session, line, "wang", Grant(Role.SYSTEM_ADMIN, CITY), clock.now, apart=True)
        for other in (Role.SECURITY_ADMIN, Role.AUDITOR):
            with pytest.raises(StaffError, match="kept apart"):
                await accounts.grant(session, line, "wang", Grant(other, CITY), clock.now, apart=True)


async def test_the_life_of_an_account_on_the_pages(boss: Browser, desk: Desk) -> None:
    made = await boss.post("/console/staff/new", login="zhang", name="张样本", region=CITY)
    assert made.status_code == 200
    password = made.text.split('class="mono secret">')[1].split("<")[0]
    assert password not in str(made.url)
    granted = await boss.post("/console/staff/zhang/roles", do="grant", role="viewer", region=CITY)
    assert granted.headers["location"] == "/console/staff/zhang?done=grant"
    assert "张样本" in (await boss.get("/console/staff")).text
    assert "wang" not in (await boss.post("/console/staff/search", words="zhang")).text
    async with browser(desk) as it:
        assert (await it.sign_in("zhang", password)).headers["location"] == "/console/account/password"
    await boss.post("/console/staff/zhang/active", active="false")
    async with browser(desk) as it:
        assert (await it.sign_in("zhang", password)).status_code == 403
    again = await boss.post("/console/staff/new", login="Zhang", name="x", region=CITY)
    assert again.status_code == 409
    assert (await boss.get("/console/staff/nobody")).status_code == 404
    for page in ("/console/staff/new", "/console/staff/zhang", "/console/approvals", "/console/account"):
        assert (await boss.get(page)).status_code == 200, page


async def test_a_lost_authenticator_takes_two(boss: Browser, city_boss: Browser, desk: Desk, clock: Clock) -> None:
    async with browser(desk) as it:
        await it.sign_in("wang")
        await it.enrol(clock)
    asked = await ask(city_boss, "POST", "/staff/wang/reset-second-factor", {"reason": "phone lost"})
    assert asked.status_code == 202, asked.text
    deed = asked.json()["approval_id"]
    assert "wang" in asked.json()["what_en"]
    own = await ask(city_boss, "POST", f"/approvals/{deed}/decide", {"agree": True})
    assert (own.status_code, own.json()["code"]) == (403, "own-request")
    assert "phone lost" in (await boss.get("/console/approvals")).text
    agreed = await boss.post(f"/console/approvals/{deed}", decision="agree")
    assert agreed.status_code == 303, agreed.text
    async with desk.sessions() as session:
        member = await session.get(StaffMember, "wang")
        assert member is not None
        assert member.totp_secret is None
    late = await ask(boss, "POST", f"/approvals/{deed}/decide", {"agree": False})
    assert late.status_code == 409


async def test_nobody_agrees_to_a_deed_about_themselves(boss: Browser, city_boss: Browser, clock: Clock) -> None:
    await city_boss.enrol(clock)
    asked = await ask(boss, "POST", "/staff/city-boss/reset-second-factor", {"reason": "they say so"})
    reply = await ask(city_boss, "POST", f"/approvals/{asked.json()['approval_id']}/decide", {"agree": True})
    assert (reply.status_code, reply.json()["code"]) == (403, "own-account")


async def test_requests_end_by_themselves(boss: Browser, desk: Desk, clock: Clock) -> None:
    async with browser(desk) as it:
        await it.sign_in("wang")
        await it.enrol(clock)
    await ask(boss, "POST", "/staff/wang/reset-second-factor", {"reason": "x"})
    clock.now = clock.now + timedelta(days=10_000)  # the request was made by the real clock
    assert await desk.app.state.jobs.run_once("staff.clear")
    async with desk.sessions() as session:
        actions = list(await session.scalars(select(AuditEntry.action).order_by(AuditEntry.number)))
    assert actions[-1] == "staff.reset-second-factor.expire"


async def make_token(it: Browser, **fields: object) -> httpx.Response:
    return await it.post("/console/account/tokens", **{"name": "map", "days": 30, **fields})


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


async def test_a_token_s_life(desk: Desk, clock: Clock) -> None:
    async with (
        browser(desk) as it,
        httpx.AsyncClient(transport=httpx.ASGITransport(desk.app), base_url="http://desk.invalid") as program,
    ):
        await it.sign_in("wang")
        wide = await make_token(it, roles=f"operator:{PROVINCE}")
        other = await make_token(it, roles=f"system-admin:{CITY}")
        assert (wide.status_code, other.status_code) == (422, 422)
        assert (await make_token(it, roles=f"operator:{CITY}", days=400)).status_code == 422
        made = await make_token(it, roles=f"operator:{CITY}", region="990101000000")
        secret = made.text.split('class="mono secret">')[1].split("<")[0]
        assert secret.startswith("mkst_")
        async with desk.sessions() as session:
            stored = (await session.scalars(select(StaffToken))).one()
        assert secret not in str(vars(stored))

        me = (await program.get(f"{API}/me", headers=bearer(secret))).json()
        assert me["grants"] == [role(Role.OPERATOR, "990101000000")]
        assert me["via"] == "token"
        assert (await program.get(f"{API}/me", headers=bearer(secret[:-1] + "x"))).status_code == 401
        assert (await program.get("/console/account", headers=bearer(secret))).status_code in (303, 401)
        # A stale token is not made good by a cookie.
        assert (await it.client.get(f"{API}/me", headers=bearer("mkst_wrong"))).status_code == 401

        line = accounts.command_line("test")
        async with writing(desk.sessions) as session:
            await accounts.revoke(session, line, "wang", Grant(Role.OPERATOR, CITY), clock.now)
            await session.commit()
        assert (await program.get(f"{API}/me", headers=bearer(secret))).json()["grants"] == []
        clock.forward(days=31)
        assert (await program.get(f"{API}/me", headers=bearer(secret))).status_code == 401


async def test_a_token_is_revoked_by_its_owner_and_by_disabling(boss: Browser, desk: Desk) -> None:
    async with browser(desk) as it, browser(desk) as program:
        await it.sign_in("wang")
        secrets = []
        for _ in range(2):
            made = await make_token(it, roles=f"operator:{CITY}")
            secrets.append(made.text.split('class="mono secret">')[1].split("<")[0])
        async with desk.sessions() as session:
            ids = {row.token_hash: row.token_id for row in await session.scalars(select(StaffToken))}
        token_id = next(iter(ids.values()))
        assert (await boss.post(f"/console/account/tokens/{token_id}/revoke")).status_code == 404  # not theirs
        assert (await it.post(f"/console/account/tokens/{token_id}/revoke")).status_code == 303
        states = sorted([(await program.client.get(f"{API}/me", headers=bearer(s))).status_code for s in secrets])
        assert states == [200, 401]
        await ask(boss, "POST", "/staff/wang/disable")
        await ask(boss, "POST", "/staff/wang/enable")
        for secret in secrets:
            assert (await program.client.get(f"{API}/me", headers=bearer(secret))).status_code == 401


async def test_a_token_looks_after_nobody_and_agrees_to_nothing(desk: Desk, clock: Clock) -> None:
    async with browser(desk) as it:
        await it.sign_in("boss")
        made = await make_token(it, roles=f"security-admin:{PROVINCE}")
        secret = made.text.split('class="mono secret">')[1].split("<")[0]
        it.client.cookies.clear()
        headers = bearer(secret)
        assert (await it.client.get(f"{API}/staff/wang", headers=headers)).status_code == 200
        assert (await it.client.post(f"{API}/staff/wang/disable", headers=headers)).status_code == 403
        body = {"login": "new-one", "name": "x", "region_code": CITY}
        assert (await it.client.post(f"{API}/staff", json=body, headers=headers)).status_code == 403


async def test_the_audit_page_and_its_file(boss: Browser, desk: Desk, clock: Clock) -> None:
    auditor = Staff("auditor", "a", (Grant(Role.AUDITOR, CITY),))
    line = accounts.command_line("test")
    new = accounts.NewMember("formula", "=1+1", CITY)
    async with writing(desk.sessions) as session:
        await accounts.add(session, line, new, clock.now)
        await session.commit()
    from tests.backend.desk import Believing

    desk.app.state.gate = desk.gate = Believing()
    page = await desk.get("/console/audit?action=staff.&since=2026-11-22&until=2026-11-22", auditor)
    assert page.status_code == 200
    assert "staff:wang" in page.text
    assert "staff:elsewhere" not in page.text  # another city
    file = (await desk.get("/console/audit/export.csv?subject=staff:formula", auditor)).text
    assert "staff.add" in file
    assert not any(cell.startswith("=") for row in file.splitlines() for cell in row.split(","))
    rows = (await desk.get(f"{API}/audit?actor=command-line:test&before=4", auditor)).json()
    assert all(row["number"] < 4 for row in rows)
    assert (await desk.get("/console/audit?since=22.11.2026", auditor)).status_code == 422
    assert (
        await desk.get("/console/audit", Staff("boss", "b", (Grant(Role.SECURITY_ADMIN, PROVINCE),)))
    ).status_code == 403


def test_no_two_locks_of_postgresql_have_one_number() -> None:
    """Whoever numbers settings must not wait for whoever grants roles."""
    found = [
        number
        for file in Path(backend.__file__).parent.rglob("*.py")
        for number in re.findall(r"^_[A-Z_]*LOCK = (0x[0-9A-F]+)", file.read_text("utf-8"), re.M)
    ]
    assert len(found) >= 4
    assert len(found) == len(set(found))
