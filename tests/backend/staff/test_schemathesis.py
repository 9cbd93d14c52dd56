"""The whole OpenAPI, asked by schemathesis as every role: nothing breaks, and answers are what the schema says.

Few examples with a fixed seed, SQLite only: it looks for crashes, and the matrix for rights.
"""

from __future__ import annotations

import asyncio
import shutil
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance

from backend.db.engine import writing
from backend.staff.roles import Role
from tests.backend.desk import EVERYBODY, Desk, open_desk
from tests.backend.house import migrated_sqlite
from tests.backend.staff.matrix_world import build

EXAMPLES = 1  # of each operation, for each role, another one for each
_SENT_BY_OTHERS = {503}  # the departments and gateways of the test are away, and that is said with 503


@dataclass(frozen=True)
class Asked:
    """`operations` with the strategies of their cases: made once, the roles share them."""

    runner: asyncio.Runner
    desk: Desk
    operations: list[tuple[Any, Any]]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory, pack: Path) -> Iterator[Asked]:
    folder = tmp_path_factory.mktemp("schemathesis")
    shutil.copy(migrated_sqlite(), folder / "menkou.sqlite3")
    with asyncio.Runner() as runner:
        opening = open_desk(folder, f"sqlite+aiosqlite:///{folder / 'menkou.sqlite3'}", pack)
        desk = runner.run(opening.__aenter__())
        runner.run(_fill(desk))
        schema = schemathesis.openapi.from_dict(desk.app.openapi())
        operations = [result.ok() for result in schema.get_all_operations()]
        yield Asked(runner, desk, [(operation, operation.as_strategy()) for operation in operations])
        runner.run(opening.__aexit__(None, None, None))


async def _fill(desk: Desk) -> None:
    await desk.seed(0.004)
    async with writing(desk.sessions) as session:
        await build(session)
        await session.commit()


@pytest.mark.parametrize("role", Role)
def test_nothing_breaks(asked: Asked, role: Role) -> None:
    runner, desk = asked.runner, asked.desk
    faults: list[str] = []
    for operation, cases in asked.operations:
        if operation.path.endswith("/wait"):
            continue  # waits on purpose

        @seed(20261122 + list(Role).index(role))
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=cases)
        def ask(case: Any) -> None:
            reply = runner.run(_send(desk, case, role))
            if reply.status_code in _SENT_BY_OTHERS:
                return
            case.validate_response(reply, checks=[not_a_server_error, response_schema_conformance])

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ask()
        except BaseExceptionGroup as group:
            faults += [f"{operation.label} as {role}: {error}" for error in group.exceptions]
        except Exception as error:  # noqa: BLE001 - all of them are shown together
            faults.append(f"{operation.label} as {role}: {type(error).__name__} {error}")
    assert not faults, "\n\n".join(fault[:1500] for fault in faults)


async def _send(desk: Desk, case: Any, role: Role) -> httpx.Response:
    """`X-Test-Staff` is what the desk of the tests believes."""
    given = case.as_transport_kwargs(base_url="http://desk.invalid")
    headers = {str(name): str(value) for name, value in dict(given.get("headers") or {}).items()}
    headers["x-test-staff"] = EVERYBODY[role].staff_id
    body = {name: given[name] for name in ("json", "data", "files", "params") if given.get(name) is not None}
    if isinstance(body.get("data"), bytes | str):
        body["content"] = body.pop("data")
    reply = await desk.client.request(given["method"], given["url"], headers=headers, **body)
    await reply.request.aread()  # a streamed form; the checks look at it
    return reply
