"""Signing in through a real OpenID provider: Canaille beside the desk, each on a port of its own.

`make test` puts it into `.setup/oidc-provider`; without it these tests are skipped.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pyotp
import pytest
from fastapi import FastAPI
from sqlalchemy import select
from structlog.testing import capture_logs

from backend.db.engine import Sessions, writing
from backend.regions.synthetic import PROVINCE
from backend.staff import accounts
from backend.staff.accounts import NewMember
from backend.staff.models import StaffIdentity
from backend.staff.roles import Grant, Role
from tests.backend.staff.real_provider import PYTHON, Canaille, Walker, canaille, desk_beside, no_proxy

pytestmark = pytest.mark.skipif(
    not PYTHON.exists(), reason="no OpenID provider in .setup/oidc-provider: make setup-dev installs it"
)

ME = "/api/staff/v1/me"
ACCOUNT = "/console/account"
ON_SQLITE = pytest.mark.parametrize("fresh_database", ["sqlite"], indirect=True)  # the stub's tests run on both
Open = Callable[..., AbstractContextManager[FastAPI]]


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Canaille]:
    with no_proxy(), canaille(tmp_path_factory.mktemp("canaille")) as running:
        yield running


@pytest.fixture
def open_desk(provider: Canaille, fresh_database: str, tmp_path: Path, pack: Path) -> Open:
    return partial(desk_beside, provider, fresh_database, tmp_path, pack)


@pytest.fixture
async def person(provider: Canaille, sessions: Sessions) -> AsyncIterator[Walker]:
    """Somebody with an account here, invited by the provider's name for them; never signed in anywhere yet."""
    login = next(provider.people)
    async with writing(sessions) as session:
        boss, at = accounts.command_line("test"), datetime.now(UTC)
        await accounts.add(session, boss, NewMember("wang", "王样本", PROVINCE, oidc_invite=login), at)
        await accounts.grant(session, boss, "wang", Grant(Role.OPERATOR, PROVINCE), at, apart=True)
        await session.commit()
    async with httpx.AsyncClient(timeout=60) as client:
        yield Walker(client, login)


async def sign_in(it: Walker, desk: str) -> httpx.Response:
    """By the button on the sign-in page; the page at the end."""
    page = await it.open(f"{desk}/console/sign-in?next={ACCOUNT}")
    return await it.through(await it.follow_link(page, "/sign-in/oidc"))


async def is_in(it: Walker, desk: str) -> bool:
    return (await it.client.get(desk + ME)).status_code == 200


async def test_there_and_back_and_again(provider: Canaille, open_desk: Open, person: Walker) -> None:
    desk = provider.desk_url
    with open_desk():
        assert (await person.open(desk + ACCOUNT)).url.path == "/console/sign-in"
        page = await sign_in(person, desk)
        assert person.seen == ["login", "password", "consent"]
        assert (page.status_code, page.url.path) == (200, ACCOUNT)
        assert "王样本" in page.text
        assert (await person.client.get(desk + ME)).json()["staff_id"] == "wang"

        await person.client.post(f"{desk}/console/sign-out", headers={"Origin": desk})
        assert not await is_in(person, desk)
        page = await sign_in(person, desk)  # the provider knows the person still, and asks nothing
        assert person.seen == ["login", "password", "consent"]
        assert (page.status_code, page.url.path) == (200, ACCOUNT)

        async with httpx.AsyncClient(timeout=60) as elsewhere:  # bound now: another browser comes to the same account
            second = Walker(elsewhere, person.login)
            assert (await sign_in(second, desk)).url.path == ACCOUNT
            assert second.seen == ["login", "password"]
            assert (await elsewhere.get(desk + ME)).json()["staff_id"] == "wang"


@ON_SQLITE
async def test_other_people_of_the_provider_stay_outside(
    provider: Canaille, open_desk: Open, person: Walker, sessions: Sessions
) -> None:
    """They call themselves what they like there, also by the name of somebody invited."""
    desk = provider.desk_url
    async with writing(sessions) as session:  # p0: the display name of all of them, preferred_username here
        boss = accounts.command_line("test")
        new = NewMember("li", "李样本", PROVINCE, oidc_invite="p0")
        await accounts.add(session, boss, new, datetime.now(UTC))
        await session.commit()
    with open_desk(), capture_logs() as logs:
        person.login = next(provider.people)
        page = await sign_in(person, desk)
        assert person.seen == ["login", "password", "consent"]
        assert page.status_code == 403
        assert refusals(logs) == ["no-account"]
        assert not await is_in(person, desk)
    async with sessions() as session:
        assert (await session.scalars(select(StaffIdentity))).all() == []


@ON_SQLITE
async def test_what_is_changed_on_the_way_is_refused(provider: Canaille, open_desk: Open, person: Walker) -> None:
    """A token for another nonce or of another sign-in, each honestly signed by the provider."""
    desk = provider.desk_url
    with open_desk(), capture_logs() as logs:
        for field, value, why in (
            ("nonce", "of-somebody-else", "wrong-nonce"),
            ("code_challenge", "A" * 43, "refused-by-provider"),
            ("state", "another", "unknown-state"),
        ):
            page = await person.step_away(await authorization(person, desk), {field: value})
            assert (page.status_code, page.url.path) == (403, "/console/sign-in/oidc/callback")
            assert refusals(logs)[-1] == why
            assert not await is_in(person, desk)

        async with httpx.AsyncClient(timeout=60) as elsewhere:  # a code pushed into another browser's sign-in
            other = Walker(elsewhere, person.login)
            theirs = await authorization(other, desk)
            code = await person.code_of(await authorization(person, desk))
            state = parse_qs(urlsplit(theirs).query)["state"][0]
            query = urlencode({"code": code, "state": state})
            assert (await other.open(f"{desk}/console/sign-in/oidc/callback?{query}")).status_code == 403
            assert refusals(logs)[-1] == "refused-by-provider"
            assert not await is_in(other, desk)

        assert (await sign_in(person, desk)).url.path == ACCOUNT  # and nothing was spoilt


@ON_SQLITE
async def test_declined_or_a_wrong_password(provider: Canaille, open_desk: Open, person: Walker) -> None:
    desk = provider.desk_url
    with open_desk():
        person.password = "not-the-right-one"
        page = await sign_in(person, desk)
        assert page.url.host == "localhost"  # the provider's own page still
        assert not await is_in(person, desk)
        person.password, person.consent = Walker.password, "deny"
        person.seen.clear()
        assert (await sign_in(person, desk)).status_code == 403
        assert person.seen[-1] == "consent"
        assert not await is_in(person, desk)


@ON_SQLITE
@pytest.mark.parametrize("judge", ["ours", "provider"])
async def test_where_a_second_factor_is_mandatory(
    provider: Canaille, open_desk: Open, person: Walker, judge: str
) -> None:
    """As in production: ours must be set up first, unless the provider's word is taken for it."""
    desk = provider.desk_url
    with open_desk(second_factor=True, oidc_second_factor=judge):
        page = await sign_in(person, desk)
        if judge == "provider":
            assert page.url.path == ACCOUNT
            assert await is_in(person, desk)
            return
        assert page.url.path == "/console/account/second-factor"
        assert not await is_in(person, desk)
        assert (await person.open(desk + ACCOUNT)).url.path == "/console/account/second-factor"
        secret = page.text.split('class="mono secret">')[1].split("<")[0].replace(" ", "")
        code = pyotp.TOTP(secret).now()
        headers = {"Origin": desk, "Accept": "text/html"}
        done = await person.client.post(f"{desk}/console/account/second-factor", data={"code": code}, headers=headers)
        assert done.status_code == 200, done.text
        assert await is_in(person, desk)
        await person.client.post(f"{desk}/console/sign-out", headers={"Origin": desk})
        assert (await sign_in(person, desk)).url.path == "/console/sign-in/code"  # from now on it is asked for
        assert not await is_in(person, desk)


def refusals(logs: list[Any]) -> list[str]:
    return [entry["why"] for entry in logs if entry["event"] == "oidc_refused"]


async def authorization(it: Walker, desk: str) -> str:
    """The address at the provider that the desk sends this browser to."""
    reply = await it.client.get(f"{desk}/console/sign-in/oidc?next={ACCOUNT}")
    assert reply.status_code == 303
    return str(reply.headers["location"])
