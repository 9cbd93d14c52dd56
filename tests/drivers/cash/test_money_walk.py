"""Random residents, random decisions, random trouble: what was told to be stacked is what is in the cashbox.

With SSP and a unit that keeps its power, exactly. When its power goes in the very moment in which a reply is lost too,
and always with ICT104, a note may be in the box that was not counted; then it was told as JAMMED. No note is ever
counted that is not in the box, and none twice.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from drivers.cash.port import CashEvent, CashEventKind
from drivers.virtual.ict104 import IctFault
from drivers.virtual.itl_ssp_faults import SspFault
from drivers.virtual.note_path import Place
from tests.drivers.link.waiting import until
from tests.faults.cash_bench import ALL, BILLS, ICT_TIMINGS, SSP_TIMINGS, Bench, ict_bench, ssp_bench

STEPS = 20
SSP_WALK = replace(SSP_TIMINGS, reply=0.08, poll=0.004, power_up=0.6, stack=3.0, reject=3.0)
ICT_WALK = replace(
    ICT_TIMINGS, poll=0.05, reply=0.3, accept=0.4, contradiction=0.15, reject=0.6, power_up=0.5, tick=0.004
)
SPEED = 150.0

AnyBench = Bench[Any]
Trouble = Callable[[AnyBench, random.Random], Awaitable[object]]


def fault(kind: object, times: int = 1) -> Trouble:
    async def inject(bench: AnyBench, chance: random.Random) -> None:
        bench.unit.faults.inject(kind, chance.randint(1, times))

    return inject


async def unplug(bench: AnyBench, chance: random.Random) -> None:
    bench.unit.unplug()
    await asyncio.sleep(chance.uniform(0, 0.03))
    bench.unit.replug()


async def reset(bench: AnyBench, chance: random.Random) -> None:
    """A note that was not ordered to be stacked comes out; one that was may go either way."""
    await bench.unit.reset(clear_to=chance.choice(["", "", "front"]))


async def pull_back(bench: AnyBench, _: random.Random) -> None:
    if asyncio.iscoroutine(pulled := bench.unit.pull_back()):
        await pulled


async def stray(bench: AnyBench, chance: random.Random) -> None:
    """A byte of no reason that means something; best while a note is on its way into the box. One that is contradicted
    by nothing, because the true word is lost too, cannot be told from a true one."""
    for _ in range(chance.choice([0, 40])):
        if bench.unit.path.place is Place.STACKING:
            break
        await asyncio.sleep(0.001)
    bench.unit.faults.clear(IctFault.LOST_REPLY)
    await bench.unit.say(chance.choice([b"\x10", b"\x11", b"\x29", b"\x23"]))


async def lose_a_word(bench: AnyBench, _: random.Random) -> None:
    if bench.unit.path.place is not Place.STACKING:
        bench.unit.faults.inject(IctFault.LOST_REPLY, 1)


LINK: tuple[Trouble, ...] = (
    fault(SspFault.LOST_REPLY, 3),
    fault(SspFault.LOST_CREDIT, 5),
    fault(SspFault.LOST_COMMAND, 3),
    fault(SspFault.BAD_CHECKSUM, 2),
    fault(SspFault.TRUNCATED),
    fault(SspFault.GLUED, 4),
    fault(SspFault.NOISE, 4),
    fault(SspFault.LATE),
    fault(SspFault.SLOW_BYTES, 4),
    fault(SspFault.COUNTERFEIT),
    unplug,
    unplug,
    pull_back,
)
ICT: tuple[Trouble, ...] = (
    lose_a_word,
    fault(IctFault.NOISE, 4),
    fault(IctFault.SLOW_BYTES, 4),
    fault(IctFault.COUNTERFEIT),
    unplug,
    reset,
    pull_back,
    stray,
    stray,
    stray,
)


class Walk:
    """One kiosk that decides at random, and everything it was told."""

    def __init__(self, bench: AnyBench, seed: int) -> None:
        self.bench = bench
        self.chance = random.Random(seed)
        self.told: list[CashEvent] = []
        self.fed = 0

    def values(self, kind: CashEventKind) -> Counter[int]:
        return Counter(event.note.value for event in self.told if event.kind is kind and event.note)

    def check(self) -> None:
        """At any moment: what was told to be stacked is in the box, or cannot be had out any more."""
        path = self.bench.unit.path
        there = Counter(path.cashbox)
        if path.note is not None:
            there[path.note] += 1
        assert self.values(CashEventKind.STACKED) <= there, "counted and not there"

    async def decide(self) -> None:
        while True:
            event = await self.bench.cash.next_event()
            assert event.number > (self.told[-1].number if self.told else 0)
            self.told.append(event)
            if event.kind is CashEventKind.ESCROWED:
                await asyncio.sleep(self.chance.choice([0, 0, 0.02]))
                match self.chance.randrange(4):
                    case 0:
                        await self.bench.cash.give_back()
                    case 1:
                        await self.bench.cash.disable()
                    case _:
                        await self.bench.cash.stack()

    async def let_it_recover(self) -> None:
        for _ in range(40):
            if self.bench.unit.taking:
                return
            await self.bench.cash.enable(ALL)
            await asyncio.sleep(0.02)

    async def run(self, troubles: tuple[Trouble, ...]) -> None:
        unit, cash = self.bench.unit, self.bench.cash
        deciding = asyncio.create_task(self.decide())
        for _ in range(STEPS):
            if self.chance.random() < 0.5:
                await self.let_it_recover()
            if unit.taking:
                # never twice the same: of two alike in one trouble nobody could say which was which
                self.fed += unit.insert(BILLS[self.fed % len(BILLS)])
            elif cash.status.ready:
                await cash.enable(ALL)
            if self.chance.random() < 0.35:
                await self.chance.choice(troubles)(self.bench, self.chance)
            await asyncio.sleep(self.chance.choice([0, 0.005, 0.02, 0.05]))
            self.check()
        unit.faults.clear()
        await until(lambda: cash.status.ready)
        await cash.disable()
        await until(lambda: unit.path.note is None)
        await until(lambda: cash.status.ready)
        await asyncio.sleep(0.8)  # whatever is late is told, whatever will never be told is given up
        self.check()
        assert not deciding.done()
        deciding.cancel()
        await asyncio.gather(deciding, return_exceptions=True)
        assert self.fed > 2, "a walk of nothing"
        assert self.values(CashEventKind.RETURNED) <= Counter(unit.path.out), "told to be out and not out"

    @property
    def uncounted(self) -> Counter[int]:
        return Counter(self.bench.unit.path.cashbox) - self.values(CashEventKind.STACKED)


@pytest.mark.parametrize("seed", range(2))
async def test_ssp_with_power_every_note_is_told(tmp_path: Path, seed: int) -> None:
    async with ssp_bench(tmp_path, timings=SSP_WALK, speed=SPEED, late_s=0.12) as bench:
        walk = Walk(bench, seed)
        await walk.run(LINK)
        assert not walk.uncounted


@pytest.mark.parametrize("seed", range(2))
async def test_ssp_with_power_cuts(tmp_path: Path, seed: int) -> None:
    async with ssp_bench(tmp_path, timings=SSP_WALK, speed=SPEED, late_s=0.12) as bench:
        walk = Walk(bench, 100 + seed)
        await walk.run((*LINK, reset, reset, reset))
        assert walk.uncounted <= walk.values(CashEventKind.JAMMED)


@pytest.mark.parametrize("seed", range(2))
async def test_ict104(tmp_path: Path, seed: int) -> None:
    async with ict_bench(tmp_path, timings=ICT_WALK, speed=SPEED, escrow_s=0.4) as bench:
        walk = Walk(bench, 200 + seed)
        await walk.run(ICT)
        assert walk.uncounted <= walk.values(CashEventKind.JAMMED)
