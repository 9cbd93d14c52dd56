"""The technician's trial, with a scripted console."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from drivers.cash.trial import trial
from drivers.trial import NOT_READY
from drivers.virtual.itl_ssp_faults import SspFault
from tests.drivers.link.waiting import until
from tests.drivers.technician.bilingual import english
from tests.faults.cash_bench import Bench, ict_bench, ssp_bench


class ScriptedConsole:
    def __init__(self, answer: bool = True) -> None:
        self.lines: list[str] = []
        self.answer = answer

    def say(self, zh: str, en: str) -> None:
        self.lines.append(english(zh, en))

    async def ask(self, zh: str, en: str) -> bool:
        self.lines.append(english(zh, en))
        return self.answer


async def tried(bench: Bench, console: ScriptedConsole, hand: Callable[[], object]) -> bool:  # type: ignore[type-arg]
    running = asyncio.create_task(trial(bench.cash, console, patience_s=2))
    await until(lambda: bench.unit.taking or running.done())
    hand()
    return await running


async def test_a_note_in_and_out(tmp_path: Path) -> None:
    async with ssp_bench(tmp_path, enabled=False) as bench:
        console = ScriptedConsole()
        assert await tried(bench, console, lambda: bench.unit.insert(2000))
        assert "It sees a note of 20 yuan" in console.lines
        assert "Takes 1, 5, 10, 20, 50, 100 yuan" in console.lines
        assert (bench.unit.path.out, bench.unit.path.cashbox) == ([2000], [])
        assert not bench.unit.taking, "disabled again"


async def test_the_technician_says_no(tmp_path: Path) -> None:
    async with ict_bench(tmp_path, enabled=False) as bench:
        assert not await tried(bench, ScriptedConsole(answer=False), lambda: bench.unit.insert(2000))


async def test_nobody_feeds_a_note(tmp_path: Path) -> None:
    async with ssp_bench(tmp_path, enabled=False) as bench:
        console = ScriptedConsole()
        assert not await trial(bench.cash, console, patience_s=0.1)
        assert console.lines[-1] == "No note was recognised"
        assert not bench.unit.taking


async def test_a_note_it_does_not_know(tmp_path: Path) -> None:
    async with ssp_bench(tmp_path, enabled=False) as bench:
        bench.unit.faults.inject(SspFault.COUNTERFEIT)
        console = ScriptedConsole()
        running = asyncio.create_task(trial(bench.cash, console, patience_s=0.5))
        await until(lambda: bench.unit.taking)
        bench.unit.insert(2000)
        assert not await running
        assert "Event: refused" in console.lines


async def test_lost_meanwhile(tmp_path: Path) -> None:
    async with ssp_bench(tmp_path, enabled=False) as bench:
        console = ScriptedConsole()
        assert not await tried(bench, console, bench.unit.unplug)
        assert "Event: lost" in console.lines


async def test_not_ready(tmp_path: Path) -> None:
    async with ssp_bench(tmp_path, enabled=False) as bench:
        bench.unit.fill()
        await until(lambda: not bench.cash.status.ready)
        console = ScriptedConsole()
        assert not await trial(bench.cash, console)
        assert console.lines == [NOT_READY[1]]
