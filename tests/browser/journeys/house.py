"""A whole desk on the loopback: both doors, its jobs coming round every second, people with passwords, and kiosks
that come in through TLS with certificates of their own.

with opened(database, directory, pack) as house:
    house.person("wang", Role.OPERATOR)
    life = house.kiosk(ticket)          # lives until the house closes
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, TypeVar
from unittest.mock import patch

from fastapi import FastAPI

from backend import serve
from backend.contract.enrolment import Ticket
from backend.db.engine import Sessions, writing
from backend.fleet.identity.authority import open_authority
from backend.fleet.identity.enrolment import make_code
from backend.fleet.models import Kiosk
from backend.fleet.settings import FleetSettings
from backend.operations.jobs import Jobs
from backend.regions.synthetic import PROVINCE
from backend.serve import listening
from backend.settings import BackendSettings
from backend.staff.roles import Grant, Role
from provisioning.simulator import enrolment
from provisioning.simulator.book import Book
from provisioning.simulator.figures import Figures
from provisioning.simulator.identities import Identities, Identity
from provisioning.simulator.life import Life, World
from provisioning.simulator.plan import Plan
from provisioning.simulator.wire import Target, Tls
from tests.backend.fleet.identity.doors import settings_of
from tests.backend.staff.people import add_person

ROUND_S = 0.5  # between two rounds of the jobs that come round often
BEAT_S = 0.4  # between two heartbeats of a simulated kiosk
_OFTEN_S = 60
T = TypeVar("T")


class Unlucky(Random):
    """A broken kiosk's dice: it says that it failed, instead of falling silent, which would take its time."""

    def random(self) -> float:
        return 0.9


@dataclass
class House:
    """Everything in it runs in a loop of its own; `run` does something there and waits."""

    url: str
    kiosk_url: str
    app: FastAPI
    loop: asyncio.AbstractEventLoop
    settings: BackendSettings
    fleet: FleetSettings
    directory: Path
    people: dict[str, str] = field(default_factory=dict)  # login: staff id
    lives: dict[str, Life] = field(default_factory=dict)
    _living: list[asyncio.Task[None]] = field(default_factory=list)
    _world: World | None = None

    def run(self, work: Coroutine[Any, Any, T], timeout_s: float = 60) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout_s)

    @property
    def sessions(self) -> Sessions:
        sessions: Sessions = self.app.state.sessions
        return sessions

    # People

    def person(self, login: str, *roles: Role, region: str = PROVINCE, name: str = "王样本") -> str:
        """Somebody who can sign in; the login."""
        grants = [Grant(role, region) for role in roles]
        self.people[login] = self.run(add_person(self.app.state.door, login, grants, region=region, name=name))
        return login

    # Kiosks

    def tickets(self, *kiosk_ids: str) -> list[Ticket]:
        """Codes, as an administrator makes them."""

        async def make() -> list[Ticket]:
            authority = open_authority(self.fleet, self.settings)
            async with writing(self.sessions) as session:
                made = [
                    await make_code(
                        session, authority, self.fleet, await session.get_one(Kiosk, kiosk_id), "system", _now()
                    )
                    for kiosk_id in kiosk_ids
                ]
                await session.commit()
            return made

        return self.run(make())

    def kiosks(self, *kiosk_ids: str, broken: frozenset[str] = frozenset()) -> None:
        """Simulated kiosks with these names are enrolled and begin to live; `broken` ones fail every rollout."""
        tickets = self.tickets(*kiosk_ids)

        async def begin() -> None:
            world = await self._simulator()
            authority = open_authority(self.fleet, self.settings)
            # With TLS of its own: the kiosks' shows the certificate of whoever connected last.
            stranger = replace(world, tls=Tls(authority.desk_ca_pem), figures=Figures())
            done = await enrolment.enrol(stranger, tickets)
            assert done == len(tickets), stranger.figures.counts
            assert world.identities is not None
            for kiosk_id, identity in world.identities.get(kiosk_ids).items():
                self._live(world, identity, frozenset({"broken"}) if kiosk_id in broken else frozenset())

        self.run(begin())

    def live(self, identity: Identity) -> None:
        """A kiosk that got its identity by itself begins to live."""

        async def begin() -> None:
            self._live(await self._simulator(), identity, frozenset())

        self.run(begin())

    def _live(self, world: World, identity: Identity, kinds: frozenset[str]) -> None:
        life = self.lives[identity.kiosk_id] = Life(world, identity, kinds)
        if kinds:
            life.dice = Unlucky()
        self._living.append(asyncio.create_task(life.live(0)))

    async def _simulator(self) -> World:
        if self._world is None:
            port = int(self.kiosk_url.rpartition(":")[2])
            target = Target("127.0.0.1", port, "127.0.0.1")
            pem = await enrolment.fetch_authority(target, open_authority(self.fleet, self.settings).pin)
            state = self.directory / "kiosks"
            plan = Plan(
                host=target.host,
                port=port,
                address=target.address,
                state=str(state),
                interval_s=BEAT_S,
                honour=False,
                changes=0,
            )
            self._world = World(plan, target, Tls(pem), Book(state / "book.tsv"), Identities(state))
        return self._world

    async def _stop_living(self) -> None:
        for living in self._living:
            living.cancel()
        await asyncio.gather(*self._living, return_exceptions=True)
        if self._world is not None:
            self._world.book.close()
            if self._world.tls is not None:
                self._world.tls.close()
            if self._world.identities is not None:
                self._world.identities.close()


@contextmanager
def opened(database: str, directory: Path, pack: Path) -> Iterator[House]:
    """The desk with all its jobs, while the block runs. The database must be migrated."""
    ready: Future[House] = Future()
    closing = threading.Event()
    variables = {
        "MENKOU_FLEET_KIOSK_PORT": str(_free_port()),
        "MENKOU_ALERTS_ROUND_S": str(ROUND_S),
        "MENKOU_ALERTS_OUTBOX_S": str(ROUND_S),
    }
    made: list[FastAPI] = []
    real_app, real_add = serve.create_app, Jobs.add

    def create_app(*given: Any, **named: Any) -> FastAPI:
        made.append(real_app(*given, **named))
        return made[-1]

    def add(jobs: Jobs, name: str, every_s: float, run: Any, *, lease_s: float = 60.0) -> None:
        real_add(jobs, name, min(every_s, ROUND_S) if every_s <= _OFTEN_S else every_s, run, lease_s=lease_s)

    async def live() -> None:
        settings = settings_of(directory, database, pack).model_copy(update={"jobs": True, "port": _free_port()})
        fleet = FleetSettings()
        async with listening(settings, fleet) as doors:
            loop = asyncio.get_running_loop()
            url, kiosks = f"http://{doors.people}", fleet.effective_kiosk_url
            house = House(url, kiosks, made[0], loop, settings, fleet, directory)
            ready.set_result(house)
            while not closing.is_set():
                await asyncio.sleep(0.05)
            await house._stop_living()

    def work() -> None:
        try:
            asyncio.run(live())
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)

    with (
        patch.dict(os.environ, variables),
        patch.object(serve, "create_app", create_app),
        patch.object(Jobs, "add", add),
    ):
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        house = ready.result(60)
        try:
            yield house
        finally:
            closing.set()
            thread.join(30)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _now() -> datetime:
    return datetime.now(UTC)
