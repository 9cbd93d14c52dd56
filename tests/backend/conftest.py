"""Fixtures of the backend's tests: the whole house, or a database."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backend.db.engine import Sessions, make_engine, make_sessions
from tests.backend.desk import Desk, open_desk
from tests.backend.hall import Hall, open_hall, small_pack
from tests.backend.house import House, furnished_postgres, make_pack, migrated_sqlite, open_house
from tests.postgres import fresh_postgres

# MENKOU_TEST_DATABASE=sqlite or postgresql narrows every test to one of the two.
DATABASES = [
    kind for kind in ("sqlite", "postgresql") if os.environ.get("MENKOU_TEST_DATABASE", kind) in (kind, "both", "")
]


# Where the database's kind hardly matters: on PostgreSQL only if MENKOU_TEST_DATABASE asks for it (`make
# test-databases`), or every run would take a quarter longer.
ON_SQLITE = (
    "alerts",
    "appointments",
    "assistance",
    "bills",
    "cases",
    "certificates",
    "console",
    "devices",
    "drafts",
    "editor",
    "feedback",
    "identity",
    "prefill",
    "queueing",
    "records",
    "reports",
    "scans",
    "staff",
    "stock",
)
ALSO_ON_POSTGRES = (
    "test_approvals",
    "test_audit",
    "test_first_account",
    "test_at_once",
    "test_handover",
    "test_engine",
    "test_rollup",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what is said above."""
    if "MENKOU_TEST_DATABASE" in os.environ:
        return
    here = Path(__file__).parent
    left_out = [item for item in items if _hardly_matters(item, here)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


def _hardly_matters(item: pytest.Item, here: Path) -> bool:
    call = getattr(item, "callspec", None)
    if call is None or not item.path.is_relative_to(here):
        return False
    area = item.path.relative_to(here).parts[0]
    if area not in ON_SQLITE or item.path.stem.startswith(ALSO_ON_POSTGRES):
        return False
    return "postgresql" in (call.params.get("fresh_database"), call.params.get("house_database"))


@pytest.fixture(scope="session")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pack(tmp_path_factory.mktemp("content"))


@pytest.fixture(params=DATABASES)
def house_database(request: pytest.FixtureRequest) -> str:
    """The database of a house: "" for the SQLite file in its rooms, or the URL of a furnished PostgreSQL."""
    return furnished_postgres() if request.param == "postgresql" else ""


@pytest.fixture
async def house(tmp_path: Path, pack: Path, house_database: str) -> AsyncIterator[House]:
    async with open_house(tmp_path, pack, gateway_timeout_s=5, database_url=house_database) as opened:
        yield opened


@pytest.fixture(params=DATABASES)
async def fresh_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty, migrated database; the test runs on both kinds."""
    if request.param == "postgresql":
        return fresh_postgres()
    shutil.copy(migrated_sqlite(), tmp_path / "menkou.sqlite3")
    return f"sqlite+aiosqlite:///{tmp_path / 'menkou.sqlite3'}"


@pytest.fixture
async def sessions(fresh_database: str) -> AsyncIterator[Sessions]:
    """Sessions of such a database."""
    engine = make_engine(fresh_database)
    yield make_sessions(engine)
    await engine.dispose()


@pytest.fixture
async def desk(tmp_path: Path, pack: Path, fresh_database: str) -> AsyncIterator[Desk]:
    """The fleet's desk, on both kinds of database."""
    async with open_desk(tmp_path, fresh_database, pack) as opened:
        yield opened


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_pack(tmp_path_factory.mktemp("small-content"))


@pytest.fixture
async def hall(tmp_path: Path, small: Path, house_database: str) -> AsyncIterator[Hall]:
    """A house with services and departments of the test's own."""
    async with open_hall(tmp_path, small, house_database) as opened:
        yield opened
