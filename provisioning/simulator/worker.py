"""One process of the simulator: up to 18,000 kiosks. Orders come as JSON lines on standard input, figures go out the
same way. When the input ends (whoever started us is gone) it stops.

    {"do": "be", "plan": {…}, "process": 0}      the first line
    {"do": "enrol", "tickets": ["menkou://enrol?…", …]}
    {"do": "load", "kiosks": ["K-…", …]}         take these identities
    {"do": "plan", "plan": {…}}                  from now on do so
    {"do": "start"} {"do": "cut"} {"do": "back"} the power; after "back" they come spread over `arrive_s`
    {"do": "silence", "kiosk_id": "K-…"}         this one says nothing more; {"do": "speak", …}
    {"do": "stop"}
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import uvloop

from backend.contract.enrolment import Ticket
from provisioning.simulator.book import Book, NullBook
from provisioning.simulator.enrolment import enrol
from provisioning.simulator.figures import Figures
from provisioning.simulator.identities import Identities
from provisioning.simulator.life import Life, World
from provisioning.simulator.plan import Plan
from provisioning.simulator.wire import Target, Tls

_TELL_EVERY_S = 1.0


class Worker:
    def __init__(self, plan: Plan, number: int) -> None:
        self.identities = Identities(Path(plan.state))
        target = Target(plan.host, plan.port, plan.address, plan.tls)
        if plan.tls and self.identities.ca_pem is None:
            raise SystemExit(f"{plan.state} knows no authority of the desk: enrol first")
        tls = Tls(self.identities.ca_pem) if plan.tls else None
        name = f"{int(time.time() * 1000)}-{number}.tsv"
        book = Book(Path(plan.book) / name) if plan.book else NullBook()
        self.world = World(plan, target, tls, book, self.identities)
        self.lives: dict[str, Life] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._dice = random.Random(plan.seed * 1000 + number)  # noqa: S311 - no secret

    # Orders

    async def obey(self, order: dict[str, Any]) -> None:
        match order["do"]:
            case "enrol":
                count = await enrol(self.world, [Ticket.parse(uri) for uri in order["tickets"]])
                self.tell(event="enrolled", count=count)
            case "load":
                found = self.identities.get(order["kiosks"])
                self.lives = {
                    kiosk_id: Life(self.world, identity, self._kinds(kiosk_id)) for kiosk_id, identity in found.items()
                }
                gc.collect()
                gc.freeze()  # thousands of kiosks need not be looked through again and again
                self.tell(event="loaded", count=len(self.lives))
            case "plan":
                self.world.plan = msgspec.convert(order["plan"], Plan)
            case "start" | "back":
                self._power_on()
            case "cut":
                await self._power_off()
                self.tell(event="dark")
            case "silence":
                if order["kiosk_id"] in self.lives:
                    self.lives[order["kiosk_id"]].mute = True
                    self._end(order["kiosk_id"])
            case "speak":
                if order["kiosk_id"] in self.lives:
                    self.lives[order["kiosk_id"]].mute = False
                    self._begin(self.lives[order["kiosk_id"]], 0)

    def _kinds(self, kiosk_id: str) -> frozenset[str]:
        """Whoever misbehaves does so in every run with the same seed."""
        shares = self.world.plan.mischief
        return frozenset(
            kind
            for kind, share in shares.items()
            if random.Random(f"{self.world.plan.seed}:{kind}:{kiosk_id}").random() < share  # noqa: S311
        )

    def _power_on(self) -> None:
        self.world.started = time.monotonic()
        for life in self.lives.values():
            life.back = False
            if self._tasks.get(life.terminal.kiosk_id) is None and life.terminal.started < self.world.started - 1:
                life.terminal.restart()
            self._begin(life, self._dice.uniform(0, self.world.plan.arrive_s))

    async def _power_off(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()
        for life in self.lives.values():
            life.back = False

    def _begin(self, life: Life, first_in_s: float) -> None:
        kiosk_id = life.terminal.kiosk_id
        self._end(kiosk_id)
        self._tasks[kiosk_id] = task = asyncio.create_task(life.live(first_in_s))
        task.add_done_callback(self._ended)

    def _end(self, kiosk_id: str) -> None:
        task = self._tasks.pop(kiosk_id, None)
        if task is not None:
            task.cancel()

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.world.figures.counts[f"bug:{type(error).__name__}: {error}"[:80]] += 1

    # Telling

    def tell(self, **more: Any) -> None:
        figures, self.world.figures = self.world.figures, Figures()
        self.world.book.flush()
        line = {
            "figures": figures.as_dict(),
            "open": self.world.connections,
            "back": sum(life.back for life in self.lives.values()),
            "cpu": time.process_time(),
            **more,
        }
        with contextlib.suppress(BrokenPipeError):
            sys.stdout.write(json.dumps(line) + "\n")
            sys.stdout.flush()

    async def tell_often(self) -> None:
        while True:
            await asyncio.sleep(_TELL_EVERY_S)
            self.tell()

    async def close(self) -> None:
        await self._power_off()
        self.tell(event="stopped")
        self.world.book.close()
        self.identities.close()


async def run() -> None:
    loop = asyncio.get_running_loop()
    orders = asyncio.StreamReader(limit=1 << 26)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    first = json.loads(await orders.readline())
    worker = Worker(msgspec.convert(first["plan"], Plan), int(first["process"]))
    me = asyncio.current_task()
    assert me is not None  # noqa: S101
    loop.add_signal_handler(signal.SIGTERM, me.cancel)
    loop.add_signal_handler(signal.SIGINT, lambda: None)  # Ctrl-C reaches whoever started us, who tells us
    telling = asyncio.create_task(worker.tell_often())
    try:
        while line := await orders.readline():
            order = json.loads(line)
            if order["do"] == "stop":
                break
            await worker.obey(order)
    except asyncio.CancelledError:
        pass
    finally:
        telling.cancel()
        await worker.close()


if __name__ == "__main__":
    os.environ.pop("SSLKEYLOGFILE", None)
    gc.set_threshold(100_000, 50, 50)  # a collection among 15,000 kiosks takes longer than what is measured
    uvloop.run(run())
