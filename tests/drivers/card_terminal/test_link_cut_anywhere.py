"""The link breaks at every message of a payment, before it or after it, with terminals of every temper: what the driver
finds out in the end is what stands in the terminal's book, and there is never a second payment for one."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from drivers.card_terminal.port import CardOutcome, CardResult
from drivers.virtual.zvt_terminal_scenario import CutPlan, Tap, TerminalFault
from tests.drivers.card_terminal.bench import Bench, over_serial, over_tcp
from tests.drivers.link.waiting import until

CANNOT_TELL = [
    TerminalFault.REFUSES_REPETITION,
    TerminalFault.ABORTS_REPETITION,
    TerminalFault.DAMAGES_REPETITION,
]
MESSAGES = 18  # of a whole payment, both ways; later cuts hit nobody


async def _ask_until_known(bench: Bench) -> CardResult | None:
    """As the kiosk does: now and then, until the terminal says something."""
    for _ in range(20):
        if (found := await bench.driver.last_result()) is not None:
            return found
        if not bench.driver._shut:
            break
    return None


async def _one_payment(
    bench: Bench, amount: int, plan: CutPlan | None, tap: Tap, before: TerminalFault | None = None
) -> None:
    """`before`: why the terminal cannot tell its newest transaction before the payment."""
    terminal = bench.terminal
    await bench.ready()
    if before is not None:
        bench.driver._mark_known = False  # as after a start at which it could not tell
        terminal.inject(before, 1)
    known = len(terminal.book.bookings)
    authorisations = list(terminal.heard).count(b"\x06\x01")
    terminal.auto, terminal.cut_plan = tap, plan
    result: CardResult | None = await bench.driver.pay(amount)
    assert result is not None
    terminal.clear(before or TerminalFault.BUSY)
    in_doubt = result.outcome is CardOutcome.UNKNOWN
    if in_doubt:
        result = await _ask_until_known(bench)
    await until(lambda: not terminal.busy)
    new = terminal.book.bookings[known:]
    taken = [b for b in new if b.result == 0 and b.reverses is None]
    kept = [b for b in taken if not b.given_back]
    assert len(taken) <= 1, "two payments for one"
    assert list(terminal.heard).count(b"\x06\x01") <= authorisations + 1, "06 01 is never said again"
    if in_doubt and before is not None:
        assert result is None, "it cannot be told from an older one"
        return
    assert result is not None, "the terminal could have been asked"
    assert result.outcome in (CardOutcome.APPROVED, CardOutcome.DECLINED, CardOutcome.ABORTED)
    assert (result.outcome is CardOutcome.APPROVED) == (len(kept) == 1)
    if kept:
        assert (result.amount, result.receipt, result.trace) == (amount, kept[0].receipt, kept[0].trace)


@pytest.mark.parametrize(
    ("gives_back", "goes_on"), [(False, True), (True, False)], ids=["keeps-and-goes-on", "gives-back-and-gives-up"]
)
async def test_at_every_message(gives_back: bool, goes_on: bool) -> None:
    async with over_tcp(gives_back_unconfirmed=gives_back, goes_on_alone=goes_on, speed=500) as bench:
        await bench.driver.pay(1)
        for number in range(1, MESSAGES + 1):
            for after in (False, True):
                await _one_payment(bench, 100 + number, CutPlan(number, after=after), Tap.PAY)


@pytest.mark.parametrize("seed", range(6))
async def test_at_random(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)
    over = (
        over_serial(tmp_path, keeps_declined=dice.random() < 0.5)
        if seed % 3 == 2
        else over_tcp(
            gives_back_unconfirmed=dice.random() < 0.5,
            goes_on_alone=dice.random() < 0.5,
            keeps_declined=dice.random() < 0.5,
        )
    )
    async with over as bench:
        await bench.driver.pay(1)
        for _ in range(10):
            cut = CutPlan(dice.randint(1, MESSAGES), after=dice.random() < 0.5) if dice.random() < 0.8 else None
            before = dice.choice(CANNOT_TELL) if dice.random() < 0.4 else None
            await _one_payment(bench, dice.randint(1, 10**9), cut, dice.choice(list(Tap)), before)
