"""Ready or not, and why; a database that is away or full is answered as such."""

from __future__ import annotations

import errno
import resource
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from backend.db.engine import make_engine, make_sessions, writing
from backend.db.faults import DatabaseFault, fault_of
from backend.db.migrate import migrate
from backend.db.postgres import NoPrimary
from backend.operations.jobs import JobLease
from tests.backend.desk import Desk, open_desk
from tests.backend.house import migrated_sqlite
from tests.postgres import Cluster, fresh_postgres


async def test_ready(desk: Desk) -> None:
    assert (await desk.get("/healthz", None)).json() == {"status": "ok"}
    ready = await desk.get("/readyz", None)
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "problems": []})
    desk.app.state.wrote_at = 0.0
    assert (await desk.get("/readyz", None)).status_code == 200, "and the second time, when the probe is there"


async def test_too_little_room(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MENKOU_OPERATIONS_MIN_FREE_MIB", str(1 << 40))
    ready = await desk.get("/readyz", None)
    assert ready.status_code == 503
    assert "MiB free" in ready.json()["problems"][0]


async def test_a_full_disk_is_said_and_refused(tmp_path: Path, pack: Path, small_files: Callable[[int], None]) -> None:
    """Files may not grow any more: reading goes on, writing is refused with a word, and all is well when there is
    room again."""
    path = tmp_path / "menkou.sqlite3"
    shutil.copy(migrated_sqlite(), path)
    async with open_desk(tmp_path, f"sqlite+aiosqlite:///{path}", pack) as desk:

        @desk.app.post("/write")
        async def write() -> None:
            async with writing(desk.sessions) as session:
                session.add_all(JobLease(name=secrets.token_hex(20), holder="x" * 60) for _ in range(50))
                await session.commit()

        assert (await desk.post("/write", None)).status_code == 200
        small_files(Path(f"{path}-wal").stat().st_size + 30_000)
        replies = [await desk.post("/write", None) for _ in range(20)]
        written = sum(reply.status_code == 200 for reply in replies)
        assert (replies[-1].status_code, replies[-1].json()) == (503, {"code": "storage-full", "detail": ""})
        assert replies[-1].headers["retry-after"] == "5"
        ready = await desk.get("/readyz", None)
        assert (ready.status_code, ready.json()["problems"]) == (503, ["database: its disk is full: make room"])
        async with desk.sessions() as session:
            there = (await session.execute(text("SELECT count(*) FROM job_lease WHERE holder <> ''"))).scalar()
        assert there == 50 * (1 + written), "what was acknowledged is there, and nothing of what was refused"
        small_files(resource.RLIM_INFINITY)
        assert (await desk.post("/write", None)).status_code == 200
        assert (await desk.get("/readyz", None)).status_code == 200


@pytest.fixture
def small_files() -> Iterator[Callable[[int], None]]:
    """Sets the largest size of a file of this process, bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_postgresql_goes_and_comes_back(tmp_path: Path, pack: Path) -> None:
    cluster = Cluster("fsync=on", "shared_buffers=16MB")  # it is killed, and remembers
    try:
        url = cluster.create("desk")
        engine = make_engine(url)
        await migrate(engine)
        await engine.dispose()
        async with open_desk(tmp_path, url, pack) as desk:

            @desk.app.get("/read")
            async def read() -> int:
                async with desk.sessions() as session:
                    return int((await session.execute(text("SELECT 1"))).scalar_one())

            assert (await desk.get("/read", None)).json() == 1
            cluster.stop()
            gone = await desk.get("/read", None)
            assert (gone.status_code, gone.json()["code"]) == (503, "database-away")
            assert (await desk.get("/readyz", None)).status_code == 503
            assert (await desk.get("/healthz", None)).status_code == 200, "the process itself is well"
            cluster.start()
            assert (await desk.get("/read", None)).status_code == 200
            assert (await desk.get("/readyz", None)).json() == {"ready": True, "problems": []}
    finally:
        cluster.remove()


def _wrapped(original: Exception) -> DBAPIError:
    return DBAPIError("SELECT 1", {}, original)


class _Translated(Exception):
    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.sqlstate = state


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (NoPrimary(), DatabaseFault.AWAY),
        (ConnectionResetError(), DatabaseFault.AWAY),
        (PoolTimeout(), DatabaseFault.AWAY),
        (_wrapped(_Translated("57P01")), DatabaseFault.AWAY),
        (_wrapped(_Translated("25006")), DatabaseFault.AWAY),
        (_wrapped(_Translated("53100")), DatabaseFault.FULL),
        (_wrapped(_Translated("40P01")), DatabaseFault.BUSY),
        (_wrapped(_Translated("40001")), DatabaseFault.BUSY),
        (_wrapped(_Translated("55P03")), DatabaseFault.BUSY),
        (_wrapped(_Translated("57014")), DatabaseFault.BUSY),
        (_wrapped(_Translated("53300")), DatabaseFault.BUSY),
        (_wrapped(sqlite3.OperationalError("database is locked")), DatabaseFault.BUSY),
        (OSError(errno.ENOSPC, "no space"), DatabaseFault.FULL),
        (_wrapped(_Translated("23505")), None),
        (ValueError(), None),
        (OSError(errno.EACCES, "no"), None),
    ],
)
def test_faults(error: Exception, fault: DatabaseFault | None) -> None:
    assert fault_of(error) is fault


async def test_a_state_of_postgresql_arrives() -> None:
    """SQLAlchemy's wrapping keeps the code we look at."""
    engine = make_engine(fresh_postgres())
    async with make_sessions(engine)() as session:
        with pytest.raises(DBAPIError) as caught:
            await session.execute(text("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '53100'; END $$"))
    assert fault_of(caught.value) is DatabaseFault.FULL
    await engine.dispose()


@pytest.mark.parametrize("state", ["40P01", "40001", "55P03", "57014"])
async def test_a_busy_database_is_told_as_such(desk: Desk, state: str) -> None:
    """To kiosks too: they come again instead of giving up."""

    @desk.app.get("/busy")
    async def busy() -> None:
        raise _wrapped(_Translated(state))

    reply = await desk.get("/busy", None)
    assert (reply.status_code, reply.json()["code"]) == (503, "database-busy")
    assert int(reply.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    "path",
    [
        "/api/staff/v1/kiosks/%00",
        "/api/staff/v1/kiosks?model=%00",
        "/api/staff/v1/kiosks?health=%00",
        "/api/staff/v1/sites/%00",
        "/api/staff/v1/rollouts/%00",
        "/console/kiosks/%00",
        "/console/sites/%00",
        "/console/rollouts/%00",
    ],
)
async def test_a_nul_in_an_address_is_refused_at_the_door(desk: Desk, path: str) -> None:
    reply = await desk.get(path)
    assert (reply.status_code, reply.json()["code"]) == (400, "invalid-request")


async def test_a_nul_in_a_body_is_no_fault_of_ours(desk: Desk) -> None:
    """Found by the database, where nobody else has looked; SQLite stores it."""

    @desk.app.post("/store")
    async def store() -> None:
        async with desk.sessions() as session:
            await session.execute(text("SELECT CAST(:value AS varchar)"), {"value": "a\x00b"})

    postgres = desk.sessions.kw["bind"].dialect.name == "postgresql"
    assert (await desk.post("/store", None)).status_code == (422 if postgres else 200)
