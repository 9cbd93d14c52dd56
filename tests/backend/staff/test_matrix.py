"""Every route of the console and of the staff's API x every role x own and foreign region.

What a new route has to do:
1. declare its permission: `staff: Annotated[Staff, needs(Permission.X)]` (or stand in PUBLIC here, with a reason);
2. use path parameters that matrix_world.PARAMETERS knows (add yours there, with a row of each region);
3. answer 404 or 403 for things of other regions, and leave their rows out of lists (`within`, `visible_kiosk`, …).
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from backend.db.engine import writing
from backend.fleet.seed import kiosk_id_of
from backend.staff.roles import PERMISSIONS, Role
from tests.backend.desk import CITY, Desk, open_desk, staff_with
from tests.backend.house import migrated_sqlite
from tests.backend.staff.matrix_world import FOREIGN, OWN, PARAMETERS, build
from tests.backend.staff.routes import StaffRoute, staff_routes

# Open to strangers, and why.
PUBLIC = {
    "GET /console/sign-in": "who signs in is a stranger",
    "POST /console/sign-in": "likewise",
    "GET /console/sign-in/code": "has its own half-way session",
    "POST /console/sign-in/code": "likewise",
    "GET /console/sign-in/oidc": "who signs in is a stranger",
    "GET /console/sign-in/oidc/callback": "checks state and browser itself",
    "POST /console/sign-out": "harmless without a session",
    "POST /console/language": "the sign-in page has it too",
    "GET /console/static/{name:path}": "styles and scripts of the sign-in page",
    "GET /console/static/{path:path}": "likewise",
}
FOREIGN_MARKS = (kiosk_id_of(FOREIGN), f"S-{FOREIGN}", f"alert-{FOREIGN}", f"order-{FOREIGN}", f"rollout-{FOREIGN}")


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory, pack: Path) -> AsyncIterator[Desk]:
    """One for all tests here: nothing they ask may change it. SQLite only: who may do what is decided before any row
    is read, the same way on both."""
    tmp_path = tmp_path_factory.mktemp("matrix")
    shutil.copy(migrated_sqlite(), tmp_path / "menkou.sqlite3")
    async with open_desk(tmp_path, f"sqlite+aiosqlite:///{tmp_path / 'menkou.sqlite3'}", pack) as desk:
        await desk.seed(0.004)
        async with writing(desk.sessions) as session:
            await build(session)
            await session.commit()
        yield desk


def is_public(route: StaffRoute) -> bool:
    return str(route) in PUBLIC or route.path.startswith("/console/static/")


async def test_every_route_declares_its_permission(world: Desk) -> None:
    silent = [str(route) for route in staff_routes(world.app) if not route.permissions and not is_public(route)]
    assert not silent, f"declare a permission with needs(...), or say in PUBLIC why not: {silent}"


async def test_every_path_parameter_is_known_here(world: Desk) -> None:
    unknown = {
        name: str(route)
        for route in staff_routes(world.app)
        for name in route.parameters
        if name not in PARAMETERS and not is_public(route)
    }
    assert not unknown, f"add these to matrix_world.PARAMETERS, with a row in each region: {unknown}"


async def test_strangers_get_nothing(world: Desk) -> None:
    for route in staff_routes(world.app):
        if is_public(route):
            continue
        reply = await world.ask(route.method, route.address(OWN), None, **route.options(OWN))
        away = reply.status_code == 303 and reply.headers["location"].startswith("/console/sign-in")
        assert reply.status_code == 401 or away, f"{route}: {reply.status_code}"


@pytest.mark.parametrize("role", Role)
async def test_without_the_permission_nothing_and_elsewhere_nothing(world: Desk, role: Role) -> None:
    staff = staff_with(role, CITY)
    faults = []
    routes = sorted(staff_routes(world.app), key=lambda route: route.method != "GET")  # reading before changing
    for route in routes:
        if is_public(route) or not route.permissions:
            continue
        allowed = all(needed is None or needed in PERMISSIONS[role] for needed in route.permissions)
        if not allowed:
            reply = await world.ask(route.method, route.address(OWN), staff, **route.options(OWN))
            if reply.status_code not in (403, 404):
                faults.append(f"{route} is not for {role}: {reply.status_code}")
            continue
        if route.parameters and route.parameters != ("token_id",) and set(route.parameters) != {"role"}:
            reply = await world.ask(route.method, route.address(FOREIGN), staff, **route.options(FOREIGN))
            if reply.status_code not in (403, 404):
                faults.append(f"{route} of a foreign region for {role}: {reply.status_code}")
        elif route.method == "GET":
            for query in ({}, route.query_of(FOREIGN)):
                reply = await world.ask("GET", route.address(OWN), staff, params=query)
                seen = [mark for mark in FOREIGN_MARKS if mark in reply.text and mark not in query.values()]
                if reply.status_code >= 500 or (reply.status_code < 300 and seen):
                    faults.append(f"{route} shows {role} what is foreign ({query}): {reply.status_code} {seen}")
        else:
            reply = await world.ask(route.method, route.address(FOREIGN), staff, **route.options(FOREIGN))
            if reply.status_code >= 500:
                faults.append(f"{route} for {role}: {reply.status_code}")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("role", Role)
async def test_in_the_own_region_reading_works(world: Desk, role: Role) -> None:
    """Else the foreign 404 would prove nothing."""
    staff = staff_with(role, CITY)
    faults = []
    for route in staff_routes(world.app):
        if (
            is_public(route)
            or route.method != "GET"
            or not route.permissions
            or route.path.startswith("/console/account")
        ):
            continue
        if not all(needed is None or needed in PERMISSIONS[role] for needed in route.permissions):
            continue
        reply = await world.ask("GET", route.address(OWN), staff, params=route.query_of(OWN))
        # 286: htmx's word that what is shown will not change any more
        nothing_yet = route.path.endswith("/file") and reply.status_code == 404  # the seeded command brought none
        nothing_yet |= route.path.endswith("/content-signing/request") and reply.status_code == 409  # nothing to sign
        if reply.status_code not in (200, 204, 286, 303) and not nothing_yet:
            faults.append(f"{route} for {role}: {reply.status_code}")
    assert not faults, "\n".join(faults)
