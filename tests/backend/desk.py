"""The fleet's desk in one process, for tests: the real app on the database of the test, asked as any staff member.

async def test_x(desk: Desk) -> None:
    await desk.seed(0.01)
    reply = await desk.get("/api/staff/v1/kiosks", OPERATOR)
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI, Request

from backend.app import create_app
from backend.db.engine import Sessions, writing
from backend.fleet.seed import seed_province
from backend.regions.synthetic import PROVINCE
from backend.settings import BackendSettings
from backend.staff.passwords import Passwords
from backend.staff.roles import Grant, Role, Staff
from backend.staff.settings import StaffSettings

BASE = "http://desk.invalid"
CITY = "9901" + "0" * 8
OTHER_CITY = "9902" + "0" * 8


def staff_with(role: Role, region: str = PROVINCE) -> Staff:
    return Staff(f"{role.value}@{region.rstrip('0')}", role.value, (Grant(role, region),))


EVERYBODY = {role: staff_with(role) for role in Role}
OPERATOR = EVERYBODY[Role.OPERATOR]
ADMIN = EVERYBODY[Role.SYSTEM_ADMIN]


class Believing:
    """A gate that believes the header `X-Test-Staff`."""

    def __init__(self) -> None:
        self.known = {staff.staff_id: staff for staff in EVERYBODY.values()}

    async def staff_of(self, request: Request) -> Staff | None:
        return self.known.get(request.headers.get("x-test-staff", ""))


@dataclass
class Desk:
    app: FastAPI
    gate: Believing
    client: httpx.AsyncClient

    @property
    def sessions(self) -> Sessions:
        sessions: Sessions = self.app.state.sessions
        return sessions

    async def ask(self, method: str, path: str, staff: Staff | None, **options: Any) -> httpx.Response:
        """One request; None: a stranger."""
        headers = dict(options.pop("headers", {}))
        if staff is not None:
            self.gate.known[staff.staff_id] = staff
            headers["x-test-staff"] = staff.staff_id
        return await self.client.request(method, path, headers=headers, **options)

    async def get(self, path: str, staff: Staff | None = ADMIN, **options: Any) -> httpx.Response:
        return await self.ask("GET", path, staff, **options)

    async def post(self, path: str, staff: Staff | None = ADMIN, **options: Any) -> httpx.Response:
        return await self.ask("POST", path, staff, **options)

    async def seed(self, share: float = 0.004) -> int:
        """A small invented province; the number of its kiosks."""
        async with writing(self.sessions) as session:
            made = await seed_province(session, share)
            await session.commit()
        return made


@asynccontextmanager
async def open_desk(directory: Path, database: str, pack: Path) -> AsyncIterator[Desk]:
    """Background jobs do not run; a test runs them with `desk.app.state.jobs.run_once(NAME)`."""
    settings = BackendSettings(
        var_dir=directory / "backend",
        sandbox_dir=directory / "sandbox",
        content_dir=pack,
        database_url=database,
        public_url=BASE,
        sweep_interval_s=3600,
        jobs=False,
    )
    app = create_app(settings, transport=httpx.MockTransport(lambda request: httpx.Response(503)))
    app.state.staff_settings = StaffSettings(first_account=False)
    app.state.passwords = Passwords(memory_kib=64, passes=1)  # a real one takes longer to make than all the rest
    async with app.router.lifespan_context(app):
        gate = Believing()
        app.state.gate = gate
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as client:
            yield Desk(app, gate, client)
