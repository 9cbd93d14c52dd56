"""The database is killed, comes back, and one heartbeat in a batch does not fit."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from backend.fleet.heartbeat.beats import Beat
from backend.fleet.heartbeat.rows import Unfit
from tests.backend.desk import Desk, open_desk
from tests.backend.fleet.enrolled import enrolled_kiosks, pulse_of, state_of
from tests.backend.fleet.heartbeat.beating import JAMMED, beat, beating
from tests.postgres import Cluster, binaries


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    if binaries() is None:
        pytest.skip("PostgreSQL is not installed")
    made = Cluster("max_connections=60")  # what was committed survives the crash
    yield made
    made.remove()


async def test_killed_and_back(cluster: Cluster, tmp_path: Path, pack: Path) -> None:
    from backend.db.engine import make_engine
    from backend.db.migrate import migrate

    url = cluster.create("desk")
    engine = make_engine(url)
    await migrate(engine)
    await engine.dispose()
    async with open_desk(tmp_path, url, pack) as desk:
        await enrolled_kiosks(desk.sessions, "K-1")
        async with beating(desk) as client:
            assert (await beat(client, 1)).status_code == 200
            await asyncio.to_thread(cluster.stop)
            for seq in (2, 3):
                reply = await beat(client, seq)
                assert (reply.status_code, reply.json()["code"]) == (503, "busy")
                assert int(reply.headers["retry-after"]) >= 5
            await asyncio.to_thread(cluster.start)
            assert (await beat(client, 3, report=JAMMED)).status_code == 200
        assert (await pulse_of(desk.sessions, "K-1")).seq == 3
        assert (await state_of(desk.sessions, "K-1")).health == "fault"


async def test_one_that_does_not_fit_spoils_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    kiosks = [f"K-{n:02}" for n in range(20)]
    await enrolled_kiosks(desk.sessions, *kiosks)
    store = desk.app.state.heartbeats._store
    honest = store.transaction

    @asynccontextmanager
    async def picky(*, skip: bool = False) -> Any:
        async with honest(skip=skip) as transaction:
            take = transaction.take

            async def refusing(beats: Sequence[Beat], *rest: Any) -> Any:
                rows = await take(beats, *rest)
                if any(one.kiosk_id == "K-13" for one in beats):
                    raise Unfit("trial")
                return rows

            transaction.take = refusing
            yield transaction

    monkeypatch.setattr(store, "transaction", picky)

    async def send(kiosk_id: str) -> int:
        async with beating(desk, kiosk_id) as client:
            return (await beat(client, 1)).status_code

    statuses = await asyncio.gather(*map(send, kiosks))
    assert statuses == [400 if kiosk_id == "K-13" else 200 for kiosk_id in kiosks]
    assert [(await pulse_of(desk.sessions, kiosk_id)).seq for kiosk_id in kiosks].count(1) == 19


async def test_what_postgresql_refuses_is_found_by_itself(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value nobody has thought of: the real driver's and server's refusals."""
    await enrolled_kiosks(desk.sessions, "K-1", "K-2")
    if desk.sessions.kw["bind"].dialect.name != "postgresql":
        pytest.skip("SQLite takes anything")
    batches = desk.app.state.heartbeats
    submit = batches.submit
    for column, value in (("boot", "x\x00"), ("counters", 5), ("boot", "long" * 20), ("seq", 2**70)):

        def spoilt(one: Beat, column: str = column, value: Any = value) -> None:
            if one.kiosk_id == "K-1":
                setattr(one, column, value)
            submit(one)

        monkeypatch.setattr(batches, "submit", spoilt)
        async with beating(desk, "K-1") as bad, beating(desk, "K-2") as good:
            seq = (await pulse_of(desk.sessions, "K-2")).seq + 1
            replies = await asyncio.gather(beat(bad, seq), beat(good, seq))
        assert [reply.status_code for reply in replies] == [400, 200], column
