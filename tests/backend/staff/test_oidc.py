"""Signing in through an OpenID provider: the way there and back, and every lie a token can tell."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from backend.db.engine import writing
from backend.regions.synthetic import PROVINCE
from backend.staff import accounts, oidc
from backend.staff.models import StaffGrant, StaffIdentity, StaffMember
from backend.staff.oidc import Provider
from backend.staff.oidc_accounts import parse_group_grants
from backend.staff.roles import Grant, Role
from tests.backend.desk import CITY, Desk
from tests.backend.staff.people import Browser, Clock, add_person, browser, code_at, real_door
from tests.backend.staff.provider import CLIENT, ISSUER, SECRET, StubProvider

CALLBACK = "/console/sign-in/oidc/callback"


@dataclass
class Scene:
    desk: Desk
    clock: Clock
    stub: StubProvider
    it: Browser

    async def back(self, query: dict[str, str] | None = None, it: Browser | None = None) -> httpx.Response:
        """The whole way, or with a query of ours."""
        it = it or self.it
        there = await it.get("/console/sign-in/oidc?next=/console/account")
        assert there.status_code == 303, there.text
        known = self.stub.log_in(there.headers["location"])
        return await it.client.get(CALLBACK, params={**known, **(query or {})}, headers={"Accept": "text/html"})

    async def is_in(self) -> bool:
        return (await self.it.client.get("/api/staff/v1/me")).status_code == 200


@pytest.fixture
async def scene(desk: Desk) -> AsyncIterator[Scene]:
    door, clock = real_door(desk)
    await add_person(door, "wang", [Grant(Role.OPERATOR, PROVINCE)], invite="wang@example.invalid")
    stub = StubProvider({"email": "Wang@example.invalid", "email_verified": True})
    async with httpx.AsyncClient(transport=stub.transport()) as client, browser(desk) as it:
        desk.app.state.oidc = Provider(client, ISSUER, CLIENT, SECRET)
        yield Scene(desk, clock, stub, it)


async def test_there_and_back(scene: Scene) -> None:
    reply = await scene.back()
    assert reply.status_code == 200, reply.text
    assert "url=/console/account" in reply.text  # the way on begins in a page of ours, for the Strict cookie
    assert await scene.is_in()
    async with scene.desk.sessions() as session:
        bound = (await session.scalars(select(StaffIdentity))).one()
        member = await session.get(StaffMember, "wang")
    assert (bound.staff_id, bound.subject) == ("wang", "1")
    assert member is not None
    assert member.oidc_invite is None
    scene.stub.claims = {}  # known by its subject from now on
    await scene.it.post("/console/sign-out")
    assert (await scene.back()).status_code == 200
    assert await scene.is_in()


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"iss": "https://evil.invalid"},
        {"aud": "another"},
        {"aud": [CLIENT, "another"]},  # without azp
        {"azp": "another"},
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"exp": "tomorrow"},
        {"iat": int(time.time()) + 3600},
        {"sub": None},
        {"sub": 7},
        {"email_verified": False},
        {"email": "somebody@example.invalid"},
    ],
    ids=lambda claims: next(iter(claims)),  # not the values: some are the present time
)
async def test_a_token_that_does_not_fit(scene: Scene, claims: dict[str, Any]) -> None:
    scene.stub.claims |= claims
    assert (await scene.back()).status_code == 403
    assert not await scene.is_in()


@pytest.mark.parametrize("how", ["none", "hmac", "stranger", "altered", "garbage"])
async def test_a_token_nobody_signed(scene: Scene, how: str) -> None:
    scene.stub.how = how
    assert (await scene.back()).status_code == 403
    assert not await scene.is_in()


async def test_a_provider_that_names_itself_otherwise(scene: Scene) -> None:
    scene.stub.issuer = "https://evil.invalid"
    assert (await scene.it.get("/console/sign-in/oidc")).status_code == 503


async def test_rotated_keys_are_fetched_again_but_not_all_the_time(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await scene.back()).status_code == 200
    scene.stub.rotate()
    assert (await scene.back()).status_code == 403  # keys were fetched a moment ago
    monkeypatch.setattr(oidc, "KEYS_AGAIN_S", 0)
    assert (await scene.back()).status_code == 200
    before = scene.stub.asked.count("/jwks")
    monkeypatch.setattr(oidc, "KEYS_AGAIN_S", 3600)
    scene.stub.how = "stranger"
    for _ in range(3):
        assert (await scene.back()).status_code == 403
    assert scene.stub.asked.count("/jwks") == before


async def test_state_and_code_work_once_and_in_one_browser(scene: Scene) -> None:
    there = await scene.it.get("/console/sign-in/oidc")
    known = scene.stub.log_in(there.headers["location"])
    async with browser(scene.desk) as thief:
        assert (await thief.client.get(CALLBACK, params=known)).status_code == 403
    assert (await scene.it.client.get(CALLBACK, params={**known, "state": "another"})).status_code == 403
    cookie = scene.it.client.cookies.get("menkou_oidc") or ""
    assert (await scene.it.client.get(CALLBACK, params=known)).status_code == 200
    scene.it.client.cookies.clear()
    scene.it.client.cookies.set("menkou_oidc", cookie)
    assert (await scene.it.client.get(CALLBACK, params=known)).status_code == 403
    assert (await scene.back({"code": known["code"]})).status_code == 403  # an old code with a new state


async def test_a_sign_in_left_lying_ends(scene: Scene) -> None:
    there = await scene.it.get("/console/sign-in/oidc")
    known = scene.stub.log_in(there.headers["location"])
    scene.clock.forward(minutes=11)
    assert (await scene.it.client.get(CALLBACK, params=known)).status_code == 403


async def test_who_declined_comes_back_with_nothing(scene: Scene) -> None:
    assert (await scene.back({"code": "", "error": "access_denied"})).status_code == 403


async def test_our_second_factor_is_asked_all_the_same(scene: Scene) -> None:
    await scene.it.sign_in("wang")
    secret, _ = await scene.it.enrol(scene.clock)
    await scene.it.post("/console/sign-out")
    assert "/console/sign-in/code" in (await scene.back()).text
    assert not await scene.is_in()
    scene.clock.forward(seconds=60)
    await scene.it.post("/console/sign-in/code", code=code_at(secret, scene.clock))
    assert await scene.is_in()
    scene.desk.app.state.door.settings.oidc_second_factor = "provider"
    await scene.it.post("/console/sign-out")
    await scene.back()
    assert await scene.is_in()


async def test_in_production_a_provider_alone_does_not_let_anybody_in(scene: Scene) -> None:
    """Without an authenticator of ours people get as far as setting one up, unless the provider judges that."""
    door = scene.desk.app.state.door
    door.production = True
    scene.it.client.base_url = httpx.URL("https://desk.invalid")  # the cookies are for https
    assert "url=/console/account/second-factor" in (await scene.back()).text
    assert not await scene.is_in()
    assert (await scene.it.get("/console/account")).headers["location"] == "/console/account/second-factor"
    assert (await scene.it.get("/console/")).headers["location"] == "/console/sign-in"
    await scene.it.post("/console/sign-out")

    door.settings.oidc_second_factor = "provider"
    assert "url=/console/account" in (reply := await scene.back()).text
    assert "second-factor" not in reply.text
    assert await scene.is_in()
    await scene.it.post("/console/sign-out")

    door.settings.oidc_second_factor = "ours"
    await scene.back()
    secret, _ = await scene.it.enrol(scene.clock)
    assert await scene.is_in()
    await scene.it.post("/console/sign-out")
    assert "/console/sign-in/code" in (await scene.back()).text
    scene.clock.forward(seconds=60)
    await scene.it.post("/console/sign-in/code", code=code_at(secret, scene.clock))
    assert await scene.is_in()


@pytest.mark.parametrize(("claim", "lets_in"), [("sub", "wang"), ("preferred_username", "zhao")])
async def test_an_invitation_by_login_is_compared_with_one_claim(scene: Scene, claim: str, lets_in: str) -> None:
    async with writing(scene.desk.sessions) as session:
        await session.execute(update(StaffMember).values(oidc_invite=lets_in))
        await session.commit()
    scene.desk.app.state.oidc._login_claim = claim
    scene.stub.claims = {"sub": "zhao", "preferred_username": "wang"}
    assert (await scene.back()).status_code == 403
    scene.stub.claims = {"sub": "Wang", "preferred_username": "x"}  # another person than "wang", perhaps
    assert (await scene.back()).status_code == 403
    scene.stub.claims = {"sub": "wang", "preferred_username": "Zhao"}
    assert (await scene.back()).status_code == 200
    assert await scene.is_in()


async def test_a_disabled_account_stays_out(scene: Scene) -> None:
    await scene.back()
    async with writing(scene.desk.sessions) as session:
        await accounts.set_active(session, accounts.command_line("test"), "wang", False, scene.clock.now)
        await session.commit()
    assert (await scene.back()).status_code == 403


async def test_strangers_get_an_account_by_their_groups_only(scene: Scene) -> None:
    scene.stub.claims = {"sub": "9", "preferred_username": "Zhao", "name": "赵样本", "groups": ["desk", "other"]}
    assert (await scene.back()).status_code == 403
    scene.desk.app.state.oidc_groups = parse_group_grants(f"desk=operator:{CITY}, desk=technician:{CITY}")
    assert (await scene.back()).status_code == 200
    assert await scene.is_in()

    async def roles() -> set[str]:
        async with scene.desk.sessions() as session:
            return set(await session.scalars(select(StaffGrant.role).where(StaffGrant.staff_id == "zhao")))

    assert await roles() == {"operator", "technician"}
    scene.stub.claims["groups"] = []  # taken out of the group: the roles go with it
    await scene.back()
    assert await roles() == set()
    scene.stub.claims = {"sub": "10", "preferred_username": "wang", "groups": ["desk"]}
    assert (await scene.back()).status_code == 403  # a login of ours is nobody's to take


def test_a_mapping_is_read_strictly() -> None:
    assert parse_group_grants("") == {}
    for bad in ("desk", "desk=operator", "desk=king:990000000000", "=operator:990000000000", "desk=operator:99"):
        with pytest.raises(ValueError, match=r"."):
            parse_group_grants(bad)
