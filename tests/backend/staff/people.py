"""Accounts with known passwords, and browsers that sign in: for tests of the console's door."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pyotp

from backend.db.engine import writing
from backend.staff import accounts
from backend.staff.accounts import NewMember
from backend.staff.door import Door
from backend.staff.gate import AccountGate
from backend.staff.roles import Grant
from tests.backend.desk import BASE, Desk

PASSWORD = "seven-grey-herons-7"
OTHER_PASSWORD = "nine-blue-kettles-9"
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


def real_door(desk: Desk) -> tuple[Door, Clock]:
    """From now on the desk asks for real accounts, and its door lives in our time."""
    door: Door = desk.app.state.door
    clock = Clock()
    door.clock = clock
    door.grain_s = 0
    desk.app.state.gate = AccountGate(door)
    return door, clock


async def add_person(
    door: Door,
    login: str,
    grants: Iterable[Grant] = (),
    *,
    region: str = "990000000000",
    must_change: bool = False,
    name: str = "王样本",
    invite: str | None = None,
) -> str:
    """The staff id."""
    boss = accounts.command_line("test")
    hashed = await door.passwords.hash(PASSWORD)
    async with writing(door.sessions) as session:
        new = NewMember(login, name, region, hashed, must_change=must_change, oidc_invite=invite)
        member = await accounts.add(session, boss, new, door.clock())
        for grant in grants:
            await accounts.grant(session, boss, member.staff_id, grant, door.clock(), apart=False)
        await session.commit()
    return member.staff_id


class Browser:
    """Keeps cookies and says where its requests come from, as browsers do."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def get(self, path: str) -> httpx.Response:
        return await self.client.get(path, headers={"Accept": "text/html"})

    async def post(self, path: str, *, origin: str = BASE, **fields: object) -> httpx.Response:
        headers = {"Accept": "text/html", "Origin": origin}
        return await self.client.post(path, data=fields, headers=headers)

    async def sign_in(self, login: str, password: str = PASSWORD, **more: object) -> httpx.Response:
        return await self.post("/console/sign-in", login=login, password=password, **more)

    async def enrol(self, clock: Clock) -> tuple[str, list[str]]:
        """Set the second factor up; the secret and the recovery codes."""
        shown = await self.get("/console/account/second-factor")
        found = re.search(r'class="mono secret">([A-Z2-7 ]+)<', shown.text)
        assert found is not None, shown.text
        secret = found[1].replace(" ", "")
        done = await self.post("/console/account/second-factor", code=code_at(secret, clock))
        assert done.status_code == 200, done.text
        return secret, re.findall(r"<li>([a-z2-7-]{19})</li>", done.text)

    @property
    def session(self) -> str:
        return self.client.cookies.get("menkou_session") or ""


def code_at(secret: str, clock: Clock, steps: int = 0) -> str:
    return pyotp.TOTP(secret).generate_otp(int(clock.now.timestamp()) // 30 + steps)


@asynccontextmanager
async def browser(desk: Desk) -> AsyncIterator[Browser]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(desk.app), base_url=BASE) as client:
        yield Browser(client)
