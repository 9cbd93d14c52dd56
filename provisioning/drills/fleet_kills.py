"""What is killed without warning while kiosks and staff go on, and how it comes back."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from backend.contract.fleet_api import CommandKind, IdentityState
from backend.db.engine import make_engine, make_sessions, writing
from backend.fleet.commands import service
from backend.fleet.models import Kiosk
from backend.staff.accounts import command_line
from provisioning.bench.fleet_house import House
from provisioning.bench.processes import family

_PAUSE_S = (4.0, 10.0)  # between two kills
_DOWN_S = (0.2, 3.0)  # how long it stays away
_START_TRIES = 40
_COMMANDS_A_ROUND = 5
_KINDS = (CommandKind.SELF_TEST, CommandKind.VOLUME, CommandKind.RESTART, CommandKind.PRINT_TEST)
_ARGUMENTS: dict[CommandKind, dict[str, Any]] = {
    CommandKind.VOLUME: {"percent": 40},
    CommandKind.RESTART: {"what": "program"},
    CommandKind.PRINT_TEST: {"printer": "receipt_printer"},
}


@dataclass
class Kills:
    house: House
    dice: random.Random
    done: Counter[str] = field(default_factory=Counter)
    away_s: dict[str, list[float]] = field(default_factory=dict)
    with_lease: int = 0  # workers that held one when they died

    async def until(self, end: float) -> None:
        targets = ["postgresql", *self.house.api_names(), "worker"]
        while True:
            pause = self.dice.uniform(*_PAUSE_S)
            if time.monotonic() + pause > end:
                return
            await asyncio.sleep(pause)
            # Each once before any comes twice.
            fewest = min(self.done[name] for name in targets)
            await self.kill(self.dice.choice([name for name in targets if self.done[name] == fewest]))

    async def kill(self, name: str) -> None:
        began = time.monotonic()
        if name == "postgresql":
            await self._postgresql()
        else:
            if name == "worker":
                await self._wait_for_lease()
            await self.house.children[name].kill()
            await asyncio.sleep(self.dice.uniform(*_DOWN_S))
            await self.house.restart(name)
        self.done[name] += 1
        self.away_s.setdefault(name, []).append(time.monotonic() - began)

    async def _postgresql(self) -> None:
        cluster = self.house.postgres
        pids = family([cluster.pid()])
        os.kill(pids[0], signal.SIGKILL)
        if self.dice.random() < 0.5:  # sometimes all at once, as when the power goes
            for pid in pids[1:]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(self.dice.uniform(*_DOWN_S))
        for attempt in range(_START_TRIES):
            try:
                await asyncio.to_thread(cluster.start)
                return
            except RuntimeError:  # what is left of the old one has not yet noticed
                if attempt == _START_TRIES - 1:
                    raise
                await asyncio.sleep(0.5)

    async def _wait_for_lease(self) -> None:
        """Kill it while it holds one, if that happens within a few seconds."""
        held = "SELECT count(*) FROM job_lease WHERE until > now()"
        for _ in range(200):
            with contextlib.suppress(RuntimeError):
                if int(await asyncio.to_thread(self.house.postgres.sql, held, "menkou")):
                    self.with_lease += 1
                    return
            await asyncio.sleep(0.02)


@dataclass
class Staff:
    """Gives commands as a person would, and keeps what was acknowledged: the commit came back."""

    house: House
    dice: random.Random
    given: list[str] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)

    async def until(self, end: float, kiosk_ids: list[str]) -> None:
        engine = make_engine(self.house.database_url)
        try:
            while time.monotonic() < end:
                try:
                    async with asyncio.timeout(10):
                        self.given += await self._give(engine, self.dice.sample(kiosk_ids, _COMMANDS_A_ROUND))
                except (SQLAlchemyError, OSError, TimeoutError) as error:
                    self.faults[type(error).__name__] += 1
                await asyncio.sleep(0.5)
        finally:
            await engine.dispose()

    async def _give(self, engine: AsyncEngine, kiosk_ids: list[str]) -> list[str]:
        made = []
        async with writing(make_sessions(engine)) as session:
            found = select(Kiosk).where(Kiosk.kiosk_id.in_(kiosk_ids), Kiosk.identity == IdentityState.ENROLLED.value)
            for kiosk in (await session.scalars(found.order_by(Kiosk.kiosk_id))).all():
                kind = self.dice.choice(_KINDS)
                command = await service.create(
                    session,
                    command_line("drill"),
                    kiosk,
                    kind,
                    _ARGUMENTS.get(kind, {}),
                    at=datetime.now(UTC),
                )
                made.append(command.command_id)
            await session.commit()
        return made


async def missing_commands(house: House, given: list[str]) -> list[str]:
    """Orders whose commit was acknowledged and that are not there."""
    engine = make_engine(house.database_url)
    try:
        async with engine.connect() as connection:
            there = {row.command_id for row in await connection.execute(text("SELECT command_id FROM command"))}
    finally:
        await engine.dispose()
    return [command_id for command_id in given if command_id not in there]
