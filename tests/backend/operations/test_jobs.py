"""A job runs in one process at a time, and survives the death of the one that had it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from backend.db.engine import Sessions, writing
from backend.operations.jobs import Jobs, Lease


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def _two(sessions: Sessions, clock: Clock, run: object) -> tuple[Jobs, Jobs]:
    pair = Jobs(sessions, clock), Jobs(sessions, clock)
    for jobs in pair:
        jobs.add("work", 3600, run, lease_s=60)  # type: ignore[arg-type]
    return pair


async def test_one_at_a_time(sessions: Sessions) -> None:
    running, most = 0, 0

    async def run(lease: Lease) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.05)
        running -= 1

    first, second = _two(sessions, Clock(), run)
    done = await asyncio.gather(first.run_once("work"), second.run_once("work"))
    assert sorted(done) == [False, True]
    assert most == 1
    assert await second.run_once("work"), "given back after the run"


async def test_a_dead_holder_is_followed_by_another_and_fenced_off(sessions: Sessions) -> None:
    clock = Clock()
    leases: list[Lease] = []

    async def run(lease: Lease) -> None:
        leases.append(lease)

    first, second = _two(sessions, clock, run)
    stale = await first._take(first.jobs["work"])  # and then the process is killed
    assert stale is not None
    assert not await second.run_once("work"), "the lease still runs"
    clock.now += timedelta(seconds=61)
    assert await second.run_once("work")
    assert leases[0].fence == stale.fence + 1
    async with writing(sessions) as session:
        assert not await stale.still_ours(session)


async def test_a_failing_job_gives_its_lease_back(sessions: Sessions) -> None:
    async def run(lease: Lease) -> None:
        raise RuntimeError("no")

    first, second = _two(sessions, Clock(), run)
    with pytest.raises(RuntimeError):
        await first.run_once("work")
    with pytest.raises(RuntimeError):
        await second.run_once("work")


async def test_several_workers_do_a_job_as_often_as_one(sessions: Sessions) -> None:
    """Each comes round every hour; who comes ten minutes after another leaves it at that."""
    clock = Clock()
    done: list[datetime] = []

    async def run(lease: Lease) -> None:
        done.append(clock.now)

    first, second = _two(sessions, clock, run)
    for _ in range(6):
        await first.run_once("work", if_due=True)
        clock.now += timedelta(minutes=10)
        await second.run_once("work", if_due=True)
        clock.now += timedelta(minutes=50)
    assert len(done) == 6
    assert await second.run_once("work"), "asked for, it is done at once"


async def test_a_job_that_nobody_does_is_said(sessions: Sessions) -> None:
    clock = Clock()

    async def run(lease: Lease) -> None: ...

    first, _ = _two(sessions, clock, run)
    assert await first.late() == [], "never done: it may be new"
    await first.run_once("work")
    clock.now += timedelta(hours=4)
    assert await first.late() == []
    clock.now += timedelta(hours=2)
    assert await first.late() == ["job work: last done 21600 s ago"]
