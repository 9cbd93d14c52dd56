"""Starts the simulator's processes, gives them their orders and adds up what they tell.

async with Simulation(plan, kiosks=57_705) as simulation:
    await simulation.enrol(tickets)
    await simulation.load()
    await simulation.start()
    await asyncio.sleep(60)
    simulation.figures.table()
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Callable, Sequence
from math import ceil
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from backend.contract.enrolment import Ticket
from provisioning.simulator.figures import Figures
from provisioning.simulator.identities import Identities
from provisioning.simulator.plan import Plan

PER_PROCESS = 18_000  # connections; systems often allow 20,000 open files
_FIRST_SOURCE = 11  # 127.0.0.11 and on
_PORTS_TO_SOURCE = 9_000  # of about 28,000: closed connections hold theirs for a minute


class SimulatorFailed(Exception):
    """A process of the simulator ended before it was told to."""


class Simulation:
    def __init__(self, plan: Plan, *, kiosks: int, processes: int = 0, log: Path | None = None) -> None:
        self.plan = plan
        self.kiosks = kiosks
        self.figures = Figures()  # put a new one here to measure from now on
        self.processes = processes or max(ceil(kiosks / PER_PROCESS), 2 if kiosks > 1000 else 1)
        self._log = log
        self._children: list[asyncio.subprocess.Process] = []
        self._readers: list[asyncio.Task[None]] = []
        self._last: list[dict[str, Any]] = []
        self._events: list[asyncio.Queue[dict[str, Any]]] = []
        self._stopping = False
        self.on_figures: Callable[[], None] = lambda: None

    async def __aenter__(self) -> Self:
        errors = self._log.open("ab") if self._log else None
        for number in range(self.processes):
            child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "provisioning.simulator.worker",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                limit=1 << 26,
                start_new_session=True,  # Ctrl-C is for us; we end them
            )
            plan = msgspec.structs.replace(self.plan, sources=self._sources(number))
            self._children.append(child)
            self._last.append({"open": 0, "back": 0, "cpu": 0.0})
            self._events.append(asyncio.Queue())
            self._readers.append(asyncio.create_task(self._read(number)))
            await self._send(number, do="be", plan=msgspec.to_builtins(plan), process=number)
        if errors is not None:
            errors.close()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stopping = True
        for number, child in enumerate(self._children):
            if child.returncode is None:
                with contextlib.suppress(OSError):
                    await self._send(number, do="stop")
                assert child.stdin is not None  # noqa: S101
                child.stdin.close()
        for child in self._children:
            try:
                await asyncio.wait_for(child.wait(), 20)
            except TimeoutError:
                child.kill()
                await child.wait()
        await asyncio.gather(*self._readers, return_exceptions=True)

    # Orders

    async def enrol(self, tickets: Sequence[Ticket]) -> int:
        """The number of those who now have a certificate."""
        for number in range(self.processes):
            await self._send(number, do="enrol", tickets=[t.as_uri() for t in tickets[number :: self.processes]])
        return sum([(await self._event(number, "enrolled"))["count"] for number in range(self.processes)])

    async def load(self, kiosk_ids: Sequence[str] | None = None) -> int:
        """Give out the identities of the state folder (or these); the number of kiosks there are now."""
        if kiosk_ids is None:
            identities = Identities(Path(self.plan.state))
            kiosk_ids = identities.known()[: self.kiosks]
            identities.close()
        for number in range(self.processes):
            await self._send(number, do="load", kiosks=list(kiosk_ids[number :: self.processes]))
        return sum([(await self._event(number, "loaded"))["count"] for number in range(self.processes)])

    async def start(self) -> None:
        await self._tell_all(do="start")

    async def cut(self) -> None:
        """The power fails everywhere at once; returns when all connections are gone."""
        await self._tell_all(do="cut")
        for number in range(self.processes):
            await self._event(number, "dark")

    async def change(self, **fields: Any) -> None:
        """Other values in the plan, such as `interval_s`, from each kiosk's next heartbeat on."""
        self.plan = msgspec.structs.replace(self.plan, **fields)
        for number in range(self.processes):
            sources = self._sources(number)
            await self._send(
                number, do="plan", plan=msgspec.to_builtins(msgspec.structs.replace(self.plan, sources=sources))
            )

    async def silence(self, kiosk_id: str) -> None:
        await self._tell_all(do="silence", kiosk_id=kiosk_id)

    async def speak(self, kiosk_id: str) -> None:
        await self._tell_all(do="speak", kiosk_id=kiosk_id)

    # Figures

    @property
    def open(self) -> int:
        """Connections held now."""
        return sum(int(last["open"]) for last in self._last)

    @property
    def back(self) -> int:
        """Kiosks that have been answered since the power came."""
        return sum(int(last["back"]) for last in self._last)

    @property
    def cpu_s(self) -> float:
        """Processor time of our own processes so far."""
        return sum(float(last["cpu"]) for last in self._last)

    # Inside

    def _sources(self, number: int) -> list[str]:
        if not self.plan.address.startswith("127."):
            return []
        each = ceil(self.kiosks / self.processes / _PORTS_TO_SOURCE)
        first = _FIRST_SOURCE + number * each
        return [f"127.0.0.{first + index}" for index in range(each)]

    async def _tell_all(self, **order: Any) -> None:
        for number in range(self.processes):
            await self._send(number, **order)

    async def _send(self, number: int, **order: Any) -> None:
        child = self._children[number]
        assert child.stdin is not None  # noqa: S101
        try:
            child.stdin.write(json.dumps(order).encode() + b"\n")
            await child.stdin.drain()
        except (ConnectionError, RuntimeError):
            raise SimulatorFailed(f"process {number} of the simulator ended (code {child.returncode})") from None

    async def _event(self, number: int, name: str) -> dict[str, Any]:
        while True:
            event = await self._events[number].get()
            if event["event"] == "ended":
                raise SimulatorFailed(f"process {number} of the simulator ended")
            if event["event"] == name:
                return event

    async def _read(self, number: int) -> None:
        child = self._children[number]
        assert child.stdout is not None  # noqa: S101
        while line := await child.stdout.readline():
            told = json.loads(line)
            self.figures.merge(Figures.from_dict(told.pop("figures")))
            self._last[number] = told
            if "event" in told:
                self._events[number].put_nowait(told)
            self.on_figures()
        self._events[number].put_nowait({"event": "ended"})
