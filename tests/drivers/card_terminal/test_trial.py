"""`menkou devices test card_terminal`, with a technician made of a script."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from drivers.card_terminal.trial import trial
from drivers.device import DeviceClass
from drivers.trial import find_trial
from drivers.virtual.zvt_terminal_scenario import CutPlan, Tap, TerminalFault
from tests.drivers.card_terminal.bench import impatient, over_tcp
from tests.drivers.card_terminal.vendor_bench import bridge
from tests.drivers.technician.bilingual import english


@dataclass
class Script:
    agrees: bool = True
    said: list[str] = field(default_factory=list)

    def say(self, zh: str, en: str) -> None:
        self.said.append(english(zh, en))

    async def ask(self, zh: str, en: str) -> bool:
        self.said.append(english(zh, en))
        return self.agrees

    @property
    def text(self) -> str:
        return "\n".join(self.said)


async def test_one_fen_taken_and_given_back() -> None:
    console = Script()
    async with over_tcp() as bench:
        assert await trial(bench.driver, console)
        assert [b.amount for b in bench.terminal.book.payments] == [1]
        assert bench.terminal.book.kept == []
    assert "reached its bank" in console.text
    assert "Terminal: insert or hold the card" in console.text
    assert "Given back: approved (receipt 0470)" in console.text
    assert find_trial(DeviceClass.CARD_TERMINAL) is trial


async def test_only_if_the_technician_agrees() -> None:
    console = Script(agrees=False)
    async with over_tcp() as bench:
        assert await trial(bench.driver, console)
        assert bench.terminal.book.bookings == []
    assert "No payment tried" in console.text


@pytest.mark.parametrize("tap", [Tap.KEY, Tap.DECLINED])
async def test_nothing_taken_is_fine(tap: Tap) -> None:
    async with over_tcp(auto=tap) as bench:
        assert await trial(bench.driver, Script())
        assert bench.terminal.book.kept == []


async def test_in_doubt_it_is_asked_again_and_given_back() -> None:
    console = Script()
    async with over_tcp() as bench:
        bench.terminal.cut_plan = CutPlan(control=b"\x04\x0f", after=True)
        assert await trial(bench.driver, console)
        assert bench.terminal.book.kept == []
    assert "Asked again: approved" in console.text


async def test_a_terminal_that_cannot_tell_fails() -> None:
    console = Script()
    async with over_tcp() as bench:
        bench.terminal.inject(TerminalFault.NO_REPETITION)
        bench.terminal.cut_plan = CutPlan(control=b"\x04\x0f", after=True)
        assert not await trial(bench.driver, console)
    assert "Compare the terminal's own slips" in console.text


async def test_unplugged_and_refused() -> None:
    async with over_tcp(impatient(connect_grace=0.1)) as bench:
        bench.terminal.inject(TerminalFault.NOT_SUPPORTED)
        assert not await trial(bench.driver, Script())
        await bench.driver.close()
        assert not await trial(bench.driver, Script())


async def test_a_vendors_terminal(tmp_path: Path) -> None:
    console = Script()
    async with bridge(tmp_path) as bench:
        assert await trial(bench.driver, console)
    assert "Given back: approved" in console.text
