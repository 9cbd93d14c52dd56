"""Work that is nobody's request: each job runs every so often in exactly one process, under a lease.

A package adds its jobs where the app is put together:

    jobs = Jobs(sessions, clock)
    jobs.add("alerts", every_s=15, run=engine.round)       # async (Lease) -> None

A worker that dies keeps its lease until it ends; then another takes over. A lease carries a fencing number that grows
with every change of hands: whoever writes with an old one must be refused (`Lease.still_ours`).
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import Integer, String, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, UtcDateTime
from backend.db.engine import Sessions, writing
from backend.logging import where
from backend.operations import metrics

log = structlog.get_logger()

_LATE_ROUNDS = 5


class JobLease(Base):
    __tablename__ = "job_lease"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    holder: Mapped[str] = mapped_column(String(60), default="")
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    fence: Mapped[int] = mapped_column(Integer, default=0)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the last time it was done


@dataclass(frozen=True)
class Lease:
    name: str
    holder: str
    fence: int

    async def still_ours(self, session: AsyncSession) -> bool:
        """Ask inside the transaction that is to be committed (it locks the lease until then)."""
        row = await session.get(JobLease, self.name, with_for_update=True, populate_existing=True)
        return row is not None and (row.holder, row.fence) == (self.holder, self.fence)


Run = Callable[[Lease], Awaitable[None]]


@dataclass(frozen=True)
class Job:
    name: str
    every_s: float
    run: Run
    lease_s: float


class Jobs:
    """The jobs of one process. `holder` names it."""

    def __init__(self, sessions: Sessions, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._sessions = sessions
        self._clock = clock
        self.holder = secrets.token_hex(8)
        self.jobs: dict[str, Job] = {}
        self._wakes: dict[str, asyncio.Event] = {}

    def add(self, name: str, every_s: float, run: Run, *, lease_s: float = 60.0) -> None:
        """`lease_s` must be longer than a run takes; a run that is not done by then is cancelled."""
        self.jobs[name] = Job(name, every_s, run, lease_s)
        self._wakes[name] = asyncio.Event()

    def wake(self, name: str) -> None:
        """There is something to do now (in this process)."""
        if name in self._wakes:
            self._wakes[name].set()

    async def run_once(self, name: str, *, if_due: bool = False) -> bool:
        """Do the job now, if nobody else is at it; False if somebody is, or (`if_due`) has just been."""
        job = self.jobs[name]
        lease = await self._take(job, if_due)
        if lease is None:
            return False
        done = False
        began = time.perf_counter()
        try:
            async with asyncio.timeout(job.lease_s * 0.9):
                await job.run(lease)
            done = True
        finally:
            metrics.job_ran(name, done, time.perf_counter() - began)
            await asyncio.shield(self._give_back(lease, done))
        return True

    async def late(self) -> list[str]:
        """Jobs that nobody has done for far too long, anywhere, as sentences."""
        now = self._clock()
        async with self._sessions() as session:
            done = {row.name: row.finished_at for row in await session.scalars(select(JobLease))}
        found = []
        for job in self.jobs.values():
            last = done.get(job.name)
            if last is not None and now - last > timedelta(seconds=_LATE_ROUNDS * job.every_s + 2 * job.lease_s):
                found.append(f"job {job.name}: last done {int((now - last).total_seconds())} s ago")
        return found

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """All jobs in the background, while the block runs."""
        tasks = [asyncio.create_task(self._forever(job)) for job in self.jobs.values()]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _forever(self, job: Job) -> None:
        wake = self._wakes[job.name]
        woken = False
        while True:
            wake.clear()
            try:
                await self.run_once(job.name, if_due=not woken)
            except Exception as error:  # noqa: BLE001 - one bad round, or a database that is away, must not end the job
                log.error("job_failed", job=job.name, error=type(error).__name__, where=where(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), job.every_s)
            woken = wake.is_set()

    async def _take(self, job: Job, if_due: bool = False) -> Lease | None:
        now = self._clock()
        # With several workers each comes round every `every_s`: whoever comes soon after another leaves it at that.
        due = or_(JobLease.finished_at.is_(None), JobLease.finished_at <= now - timedelta(seconds=job.every_s / 2))
        async with writing(self._sessions) as session:
            taken = await session.execute(
                update(JobLease)
                .where(
                    JobLease.name == job.name,
                    or_(JobLease.until.is_(None), JobLease.until < now),
                    *((due,) if if_due else ()),
                )
                .values(holder=self.holder, until=now + timedelta(seconds=job.lease_s), fence=JobLease.fence + 1)
                .returning(JobLease.fence)
            )
            fence = taken.scalar()
            if fence is None:
                if await session.scalar(select(JobLease.name).where(JobLease.name == job.name)) is not None:
                    return None
                row = JobLease(name=job.name, holder=self.holder, until=now + timedelta(seconds=job.lease_s), fence=1)
                session.add(row)
                fence = 1
            try:
                await session.commit()
            except IntegrityError:  # another process has just made the row
                return None
        return Lease(job.name, self.holder, fence)

    async def _give_back(self, lease: Lease, done: bool) -> None:
        async with writing(self._sessions) as session:
            await session.execute(
                update(JobLease)
                .where(JobLease.name == lease.name, JobLease.holder == lease.holder, JobLease.fence == lease.fence)
                .values(until=None, **({"finished_at": self._clock()} if done else {}))
            )
            await session.commit()
